def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i in range(k):
        rows = torch.cat([*folds[:i], *folds[i + 1:]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[rows], target[rows], model)))
    return accuracies, sum(accuracies) / k
