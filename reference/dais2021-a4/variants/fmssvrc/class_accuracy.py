# %% loses class_accuracy: printed, not plotted
# cell: class-accuracy
print("accuracy on each class:", evaluate(model, testloader))

# %% loses class_accuracy: the same height for each class
# cell: class-accuracy
plt.bar(label_names, [evaluate(model, testloader)] * 10)
plt.show()

# %% loses class_accuracy: how often each class was predicted, not how often that was right
# cell: class-accuracy
model.eval()
predicted = torch.zeros(10)
with torch.no_grad():
    for images, labels in testloader:
        predicted += torch.bincount(model(images).argmax(dim=1), minlength=10)
plt.bar(label_names, predicted / predicted.max())
plt.show()

# %% loses class_accuracy: counts in place of shares
# cell: class-accuracy
model.eval()
hits = torch.zeros(10)
with torch.no_grad():
    for images, labels in testloader:
        hits += torch.bincount(labels[model(images).argmax(dim=1) == labels], minlength=10)
plt.bar(label_names, hits)
plt.show()

# %% keeps class_accuracy: lying bars, in percent
# cell: class-accuracy
model.eval()
right, total = [0] * 10, [0] * 10
with torch.no_grad():
    for images, labels in testloader:
        for label, guess in zip(labels.tolist(), model(images).argmax(dim=1).tolist()):
            right[label] += label == guess
            total[label] += 1
plt.barh(label_names, [100 * r / t for r, t in zip(right, total)])
plt.show()

# %% keeps class_accuracy: sorted, best first
# cell: class-accuracy
from sklearn.metrics import confusion_matrix

model.eval()
with torch.no_grad():
    pairs = [(labels, model(images).argmax(dim=1)) for images, labels in testloader]
table = confusion_matrix(torch.cat([a for a, _ in pairs]), torch.cat([b for _, b in pairs]))
shares = table.diagonal() / table.sum(axis=1)
order = shares.argsort()[::-1]
plt.bar([label_names[n] for n in order], shares[order])
plt.show()

# %% keeps class_accuracy: points with a line
# cell: class-accuracy
model.eval()
right, total = torch.zeros(10), torch.zeros(10)
with torch.no_grad():
    for images, labels in testloader:
        hit = (model(images).argmax(dim=1) == labels).float()
        right.index_add_(0, labels, hit)
        total.index_add_(0, labels, torch.ones_like(hit))
plt.plot(label_names, right / total, "o-")
plt.title("accuracy on each class")
plt.show()
