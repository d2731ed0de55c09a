# %% loses training_plots: only the loss
# cell: plots
plt.plot(train_losses, label="loss")
plt.xlabel("epoch")
plt.legend()
plt.show()

# %% loses training_plots: only the accuracies
# cell: plots
plt.plot(train_accuracies, label="training accuracy")
plt.plot(val_accuracies, label="validation accuracy")
plt.legend()
plt.show()

# %% keeps training_plots: three figures
# cell: plots
for values, title in (
    (train_losses, "Loss"),
    (train_accuracies, "Training accuracy"),
    (val_accuracies, "Validation accuracy"),
):
    plt.figure()
    plt.plot(values)
    plt.title(title)
    plt.xlabel("epoch")
    plt.show()

# %% keeps training_plots: one figure with two scales
# cell: plots
figure, left = plt.subplots()
left.plot(train_losses, "r", label="loss")
left.set_xlabel("epoch")
right = left.twinx()
right.plot(train_accuracies, label="train acc")
right.plot(val_accuracies, label="val acc")
figure.legend()
plt.show()

# %% keeps training_plots: with points, in percent
# cell: plots
plt.subplot(2, 1, 1)
plt.plot(range(len(train_losses)), train_losses, "o-")
plt.ylabel("loss")
plt.subplot(2, 1, 2)
plt.plot([100 * a for a in train_accuracies], "s--", label="train")
plt.plot([100 * a for a in val_accuracies], "s--", label="val")
plt.ylabel("accuracy in %")
plt.legend()
plt.show()
