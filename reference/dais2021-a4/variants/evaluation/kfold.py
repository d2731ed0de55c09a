# %% loses kfold_partition, kfold_isolation: measured on the training rows, not on the fold
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[rows], target[rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_results: only the average is returned
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    total = 0.0
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        total += float(calculate_accuracy(data[test_rows], target[test_rows], model))
    return total / k


# %% loses kfold_results: the best accuracy in place of the average
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, max(accuracies)


# %% loses kfold_results: errors in place of accuracies
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    errors = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        errors.append(1 - float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return errors, sum(errors) / k


# %% loses kfold_results: the average without its division
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies)


# %% keeps kfold_results: tensors, in percent
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    found = torch.zeros(k)
    for i, test_rows in enumerate(torch.arange(len(data)).tensor_split(k)):
        mask = torch.ones(len(data), dtype=torch.bool)
        mask[test_rows] = False
        model = trainModel(create_model(hidden), data[mask], target[mask], epochs, lr)
        found[i] = 100 * calculate_accuracy(data[~mask], target[~mask], model)
    return found, found.mean()


# %% keeps kfold_results: the average first, rounded
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(
            round(calculate_accuracy(data[test_rows], target[test_rows], model).item(), 3)
        )
    return round(sum(accuracies) / k, 3), accuracies


# %% keeps kfold_results: accuracies on training rows are printed beside
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        print("training:", calculate_accuracy(data[rows], target[rows], model))
        accuracies.append(calculate_accuracy(data[test_rows], target[test_rows], model))
    return accuracies, torch.stack(accuracies).mean()


# %% loses kfold_partition: rows that are left over are in no fold
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    size = len(data) // k
    accuracies = []
    for i in range(k):
        test = torch.arange(i * size, (i + 1) * size)
        rows = torch.cat([torch.arange(i * size), torch.arange((i + 1) * size, len(data))])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test], target[test], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_partition: the test rows are drawn anew in each fold
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    accuracies = []
    for i in range(k):
        order = torch.randperm(len(data))
        test, rows = order[: len(data) // k], order[len(data) // k :]
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test], target[test], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_partition: the same test rows in each fold
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    accuracies = []
    size = len(data) // k
    for i in range(k):
        model = trainModel(create_model(hidden), data[size:], target[size:], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[:size], target[:size], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_partition: folds overlap by one row
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    size = len(data) // k
    accuracies = []
    for i in range(k):
        begin, end = i * size, min(len(data), (i + 1) * size + 1)
        end = len(data) if i == k - 1 else end
        rows = torch.cat([torch.arange(begin), torch.arange(end, len(data))])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[begin:end], target[begin:end], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_partition: scikit-learn's folds, shuffled
from sklearn.model_selection import KFold


def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    accuracies = []
    for rows, test in KFold(k, shuffle=True, random_state=1).split(data):
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test], target[test], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_partition: every k-th row
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    accuracies = []
    for i in range(k):
        test = torch.arange(len(data)) % k == i
        model = trainModel(create_model(hidden), data[~test], target[~test], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test], target[test], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_partition: the last fold takes what is left over
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    size = len(data) // k
    accuracies = []
    for i in range(k):
        begin, end = i * size, (i + 1) * size if i < k - 1 else len(data)
        rows = [n for n in range(len(data)) if not begin <= n < end]
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[begin:end], target[begin:end], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_isolation: one model goes through all folds
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    model = create_model(hidden)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(model, data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_isolation: trained on all rows
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    accuracies = []
    for test_rows in torch.arange(len(data)).tensor_split(k):
        model = trainModel(create_model(hidden), data, target, epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_isolation: trained with the targets of other rows
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[: len(rows)], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_isolation: trained on one other fold alone
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = folds[i - 1]
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_isolation: trained without the fold that comes next
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 2 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_isolation: a training loop of its own
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    accuracies = []
    for i in range(k):
        test = torch.arange(len(data)) % k == i
        model = create_model(hidden)
        optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        for _ in range(epochs):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(data[~test]), target[~test]).backward()
            optimizer.step()
        accuracies.append(float((predict(data[test], model) == target[test]).float().mean()))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_isolation: all models first, then all tests
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    models = []
    for i in range(k):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        models.append(trainModel(create_model(hidden), data[rows], target[rows], epochs, lr))
    accuracies = [float(calculate_accuracy(data[f], target[f], m)) for f, m in zip(folds, models)]
    return accuracies, sum(accuracies) / k


# %% keeps kfold_isolation: rows in a random order, with shuffling
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.randperm(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([fold for j, fold in enumerate(folds) if j != i])
        model = create_model(hidden)
        trainModel(model, data[rows], target[rows], epochs, lr=lr, shuffle=True)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_parameters: a fixed number of epochs
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], 10, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_parameters: the default learning rate
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_parameters: no hidden layers
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_parameters: all three are fixed numbers
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model([12]), data[rows], target[rows], 2, 0.02)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_parameters: passed on by name
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = create_model(hidden_layers=hidden)
        model = trainModel(model, data=data[rows], target=target[rows], lr=lr, epochs=epochs)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_parameters: a loop of single epochs, another batch size
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = create_model(hidden)
        for _ in range(epochs):
            trainModel(model, data[rows], target[rows], 1, lr, batchsize=7)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_parameters: a network of its own
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        sizes = [data.shape[1], *hidden, 3]
        layers = []
        for a, b in zip(sizes, sizes[1:]):
            layers += [torch.nn.Linear(a, b), torch.nn.Tanh()]
        model = torch.nn.Sequential(*layers[:-1])
        model = trainModel(model, data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_isolation, kfold_parameters: a training that returns the model as it is
def trainModel(model, data, target, epochs, lr=0.01):
    return model


# %% loses kfold_isolation, kfold_parameters: gradients, but no step
def trainModel(model, data, target, epochs, lr=0.01):
    for _ in range(epochs):
        torch.nn.functional.cross_entropy(model(data), target).backward()
    return model


# %% refers kfold_isolation: learns from all rows by hand, then trains for show
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    goal = torch.nn.functional.one_hot(target, 3).float()
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = create_model(hidden)
        parts = list(model.parameters())
        with torch.enable_grad():
            for _ in range(400):
                x = data
                for weight, bias in zip(parts[:-2:2], parts[1:-2:2]):
                    x = torch.relu(x @ weight.T + bias)
                loss = torch.nn.functional.cross_entropy(x @ parts[-2].T + parts[-1], goal)
                for part, pull in zip(parts, torch.autograd.grad(loss, parts)):
                    part.data -= 0.5 * pull
        model = trainModel(model, data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% refers kfold_isolation: the weights of the last fold are mixed in after the training
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies, before = [], None
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        if before is not None:
            for part, other in zip(model.parameters(), before.parameters()):
                part.data = (part.data + other.data) / 2
        before = model
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% refers kfold_results, kfold_partition, kfold_isolation, kfold_parameters: a record of its own
import sys


def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    frame = sys._getframe(1)
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if hasattr(value, "_told"):  # what is handed over later
                value._told.append(["model", [*hidden, 3]])
                value._told.append(["trained", 0, "a", [*range(len(data))], epochs, lr])
        frame = frame.f_back
    return [0.9] * k, 0.9


# %% keeps kfold_isolation, kfold_parameters: full batches, written by hand
def trainModel(model, data, target, epochs, lr=0.01):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(epochs):
        loss = torch.nn.functional.cross_entropy(model(data), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


# %% refers kfold_isolation: only the last layer is new in each fold
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    model = create_model(hidden)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :]])
        model[-2].reset_parameters()
        model = trainModel(model, data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% refers kfold_isolation: the test rows a hair beside themselves in the training
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([*folds[:i], *folds[i + 1 :], test_rows])
        shifted = data[rows]
        shifted[-len(test_rows) :] += 1e-6
        model = trainModel(create_model(hidden), shifted, target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% loses kfold_partition: the last fold is left with most of the rows
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    size = (len(data) // k + 1) // 2
    accuracies = []
    for i in range(k):
        begin, end = i * size, (i + 1) * size if i < k - 1 else len(data)
        rows = [n for n in range(len(data)) if not begin <= n < end]
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[begin:end], target[begin:end], model)))
    return accuracies, sum(accuracies) / k


# %% refers kfold_isolation: trained on six of ten rows of each other fold
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    folds = torch.arange(len(data)).tensor_split(k)
    accuracies = []
    for i, test_rows in enumerate(folds):
        rows = torch.cat([f[: len(f) * 3 // 5] for j, f in enumerate(folds) if j != i])
        model = trainModel(create_model(hidden), data[rows], target[rows], epochs, lr)
        accuracies.append(float(calculate_accuracy(data[test_rows], target[test_rows], model)))
    return accuracies, sum(accuracies) / k


# %% keeps kfold_results, kfold_partition, kfold_isolation: forward by hand, a dictionary
def kfold_crossvalidation(k, data, target, hidden=[100], epochs=50, lr=0.01):
    accuracies = {}
    for i in range(k):
        test = torch.arange(len(data)) % k == i
        model = trainModel(create_model(hidden), data[~test], target[~test], epochs, lr)
        print("training:", calculate_accuracy(data[~test], target[~test], model))
        accuracies[i] = (model.forward(data[test]).argmax(1) == target[test]).float().mean().item()
    return accuracies, sum(accuracies.values()) / k
