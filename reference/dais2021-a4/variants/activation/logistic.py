# %% loses logistic: the sign of the exponent
def logistic(x):
    return 1 / (1 + np.exp(x))


# %% loses logistic: overflows for large inputs, and gives nan
def logistic(x):
    return np.exp(x) / (1 + np.exp(x))


# %% loses logistic: tanh in place of the logistic function
def logistic(x):
    return np.tanh(x)


# %% loses logistic: base 2
def logistic(x):
    return 1 / (1 + 2.0**-x)


# %% loses logistic: degrees taken for radians
def logistic(x):
    return 1 / (1 + np.exp(-np.deg2rad(x)))


# %% loses logistic, plot_logistic: printed, not returned, so that there is nothing to draw
def logistic(x):
    print(1 / (1 + np.exp(-x)))


# %% loses logistic: rounded to two digits
def logistic(x):
    return np.round(1 / (1 + np.exp(-x)), 2)


# %% keeps logistic: as in the textbook
def logistic(x):
    return 1 / (1 + np.exp(-x))


# %% keeps logistic: by tanh
def logistic(x):
    return (1 + np.tanh(x / 2)) / 2


# %% keeps logistic, plot_logistic: of single numbers, in two branches
import math


def logistic(x):
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))


def plot_logistic(x_min, x_max):
    points = np.linspace(x_min, x_max, 100)
    plt.plot(points, [logistic(point) for point in points], label="logistic")
    plt.plot(points, [logistic_grad(point) for point in points], label="derivative")
    plt.title("logistic")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()


# %% keeps logistic: in torch
import torch


def logistic(x):
    return torch.sigmoid(torch.as_tensor(x, dtype=torch.float64))


# %% loses logistic_grad: the inner derivative was forgotten: the sign is wrong
def logistic_grad(x):
    return -logistic(x) * (1 - logistic(x))


# %% loses logistic_grad: the derivative of tanh
def logistic_grad(x):
    return 1 - tanh(x) ** 2


# %% loses logistic_grad: the square was forgotten
def logistic_grad(x):
    return np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x)))


# %% loses logistic_grad: the function in place of its derivative
def logistic_grad(x):
    return logistic(x)


# %% loses logistic_grad: a difference quotient, not a formula
def logistic_grad(x):
    return (logistic(x + 1e-5) - logistic(x - 1e-5)) / 2e-5


# %% loses logistic_grad: differences of the array, whatever its points
def logistic_grad(x):
    return np.gradient(logistic(x))


# %% keeps logistic_grad: by its function
def logistic_grad(x):
    return logistic(x) * (1 - logistic(x))


# %% keeps logistic_grad: by cosh
def logistic_grad(x):
    return 1 / (4 * np.cosh(np.clip(x, -350, 350) / 2) ** 2)


# %% keeps logistic_grad: by automatic differentiation
import torch


def logistic_grad(x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    torch.sigmoid(x).sum().backward()
    return x.grad


# %% keeps logistic_grad: with a helper of its own
def squash(x):
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(x, dtype=float))


def logistic_grad(x):
    return squash(x) - squash(x) ** 2
