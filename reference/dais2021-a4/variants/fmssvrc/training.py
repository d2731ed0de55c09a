# %% loses training_loop, training_plots: nothing is recorded or plotted
# cell: training
for epoch in range(epochs):
    print(train(model, trainloader, optimizer, loss), evaluate(model, valloader))
# cell: plots

# %% loses training_loop, training_plots: no accuracy on the validation data
# cell: training
train_losses, train_accuracies = [], []
for epoch in range(epochs):
    epoch_loss, accuracy = train(model, trainloader, optimizer, loss)
    train_losses.append(epoch_loss)
    train_accuracies.append(accuracy)
# cell: plots
plt.plot(train_losses, label="loss")
plt.plot(train_accuracies, label="accuracy")
plt.legend()
plt.show()

# %% loses training_loop, training_plots: only the last epoch is kept
# cell: training
for epoch in range(epochs):
    last_loss, last_accuracy = train(model, trainloader, optimizer, loss)
val_accuracy = evaluate(model, valloader)
# cell: plots
plt.plot([last_loss], "o", label="loss")
plt.plot([last_accuracy], "o", label="accuracy")
plt.legend()
plt.show()

# %% loses training_loop, training_plots, mlp, test_accuracy, class_accuracy: never trained
# cell: training
accuracies = [evaluate(model, trainloader) for epoch in range(epochs)]
# cell: plots

# %% keeps training_loop: a dictionary of lists
# cell: training
history = {"loss": [], "train_acc": [], "val_acc": []}
for epoch in range(epochs):
    epoch_loss, accuracy = train(model, trainloader, optimizer, loss)
    history["loss"].append(epoch_loss)
    history["train_acc"].append(accuracy)
    history["val_acc"].append(evaluate(model, valloader))
train_losses, train_accuracies, val_accuracies = history.values()

# %% keeps training_loop: a loop of its own, in percent
# cell: training
train_losses, train_accuracies, val_accuracies = [], [], []
for epoch in range(epochs):
    model.train()
    total = 0.0
    for images, labels in trainloader:
        optimizer.zero_grad()
        batch_loss = loss(model(images), labels)
        batch_loss.backward()
        optimizer.step()
        total += batch_loss.item()
    train_losses.append(total / len(trainloader))
    train_accuracies.append(100 * evaluate(model, trainloader))
    val_accuracies.append(100 * evaluate(model, valloader))

# %% keeps training_loop: a table with a row for each epoch
# cell: training
rows = []
for epoch in range(epochs):
    epoch_loss, accuracy = train(model, trainloader, optimizer, loss)
    rows.append((epoch_loss, accuracy, evaluate(model, valloader)))
train_losses, train_accuracies, val_accuracies = zip(*rows)
