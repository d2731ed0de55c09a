def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1:]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies)
