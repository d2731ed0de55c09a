def confusion_matrix(data, target, model):
    matrix = torch.zeros(3, 3)
    for actual, predicted in zip(target, predict(data, model)):
        matrix[actual, predicted] += 1
    return matrix / matrix.sum(dim=1, keepdim=True)
