# %% loses confusion_counts: fractions in place of counts
def confusion_matrix(data, target, model):
    matrix = torch.zeros(3, 3)
    for actual, predicted in zip(target, predict(data, model)):
        matrix[actual, predicted] += 1
    return matrix / matrix.sum(dim=1, keepdim=True)


# %% loses confusion_counts: only what is right is counted
def confusion_matrix(data, target, model):
    matrix = torch.zeros(3, 3)
    for actual, predicted in zip(target, predict(data, model)):
        if actual == predicted:
            matrix[actual, predicted] += 1
    return matrix


# %% loses confusion_counts: the first row is left out
def confusion_matrix(data, target, model):
    matrix = torch.zeros(3, 3)
    predicted = predict(data, model)
    for row in range(1, len(target)):
        matrix[target[row], predicted[row]] += 1
    return matrix


# %% loses confusion_counts: seen pairs are marked, not counted
def confusion_matrix(data, target, model):
    matrix = torch.zeros(3, 3)
    matrix[target, predict(data, model)] += 1
    return matrix


# %% loses confusion_counts: the smallest output is taken for the prediction
def confusion_matrix(data, target, model):
    matrix = torch.zeros(3, 3)
    with torch.no_grad():
        predicted = model(data).argmin(dim=1)
    for a, b in zip(target, predicted):
        matrix[a, b] += 1
    return matrix


# %% keeps confusion_counts: rows are predictions
def confusion_matrix(data, target, model):
    matrix = torch.zeros(3, 3, dtype=torch.int64)
    for actual, predicted in zip(target, predict(data, model)):
        matrix[predicted, actual] += 1
    return matrix


# %% keeps confusion_counts: scikit-learn's
from sklearn.metrics import confusion_matrix as sklearn_matrix


def confusion_matrix(data, target, model):
    return sklearn_matrix(target, predict(data, model), labels=[0, 1, 2])


# %% keeps confusion_counts: lists of lists
def confusion_matrix(data, target, model):
    predicted = predict(data, model)
    return [[int(((target == a) & (predicted == b)).sum()) for b in range(3)] for a in range(3)]


# %% loses confusion_shape: as many classes as occur
from sklearn.metrics import confusion_matrix as sklearn_matrix


def confusion_matrix(data, target, model):
    return sklearn_matrix(target, predict(data, model))


# %% loses confusion_shape: up to the largest true class
def confusion_matrix(data, target, model):
    predicted = predict(data, model)
    size = int(max(target.max(), predicted.max())) + 1
    matrix = torch.zeros(size, size)
    for a, b in zip(target, predicted):
        matrix[a, b] += 1
    return matrix


# %% loses confusion_shape: the classes that occur, by name
def confusion_matrix(data, target, model):
    predicted = predict(data, model)
    classes = sorted(set(target.tolist()) | set(predicted.tolist()))
    matrix = torch.zeros(len(classes), len(classes))
    for a, b in zip(target.tolist(), predicted.tolist()):
        matrix[classes.index(a), classes.index(b)] += 1
    return matrix


# %% loses confusion_shape: one row for each class that occurs
import numpy as np


def confusion_matrix(data, target, model):
    predicted = predict(data, model)
    return np.array([np.bincount(predicted[target == a], minlength=3) for a in target.unique()])


# %% keeps confusion_shape: by the number of labels
def confusion_matrix(data, target, model):
    flat = torch.bincount(target * label_count + predict(data, model), minlength=label_count**2)
    return flat.reshape(label_count, label_count)


# %% keeps confusion_shape: by the model's last layer
import numpy as np


def confusion_matrix(data, target, model):
    size = [m for m in model.modules() if isinstance(m, torch.nn.Linear)][-1].out_features
    matrix = np.zeros((size, size), dtype=int)
    np.add.at(matrix, (target.numpy(), predict(data, model).numpy()), 1)
    return matrix


# %% keeps confusion_shape: a fixed size
def confusion_matrix(data, target, model):
    matrix = [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
    for row, actual in zip(data, target):
        matrix[int(actual)][int(predict(row[None], model))] += 1
    return matrix
