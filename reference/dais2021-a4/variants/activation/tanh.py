# %% loses tanh: the sign is wrong
def tanh(x):
    return -np.tanh(x)


# %% loses tanh: overflows for large inputs, and gives nan
def tanh(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


# %% loses tanh: the logistic function in place of tanh
def tanh(x):
    return 1 / (1 + np.exp(-x))


# %% loses tanh: the tangent of the angle
def tanh(x):
    return np.tan(x)


# %% loses tanh: degrees taken for radians
def tanh(x):
    return np.tanh(np.deg2rad(x))


# %% loses tanh: numerator and denominator swapped
def tanh(x):
    return (np.exp(x) + np.exp(-x)) / (np.exp(x) - np.exp(-x))


# %% keeps tanh: numpy's own
def tanh(x):
    return np.tanh(x)


# %% keeps tanh: by the logistic function
def tanh(x):
    return 2 * logistic(2 * x) - 1


# %% keeps tanh, plot_tanh: of single numbers
import math


def tanh(x):
    return math.tanh(x)


def plot_tanh(x_min, x_max):
    points = np.linspace(x_min, x_max, 100)
    plt.plot(points, [tanh(point) for point in points], label="tanh")
    plt.plot(points, [tanh_grad(point) for point in points], label="derivative")
    plt.title("tanh")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()


# %% keeps tanh: a list
def tanh(x):
    return [np.tanh(value) for value in np.atleast_1d(x)]


# %% loses tanh_grad: the square was forgotten
def tanh_grad(x):
    return 1 - tanh(x)


# %% loses tanh_grad: the derivative of the logistic function
def tanh_grad(x):
    return logistic(x) * (1 - logistic(x))


# %% loses tanh_grad: the sign of the square
def tanh_grad(x):
    return 1 + tanh(x) ** 2


# %% loses tanh_grad: a difference quotient, not a formula
def tanh_grad(x):
    return (tanh(x + 1e-5) - tanh(x - 1e-5)) / 2e-5


# %% loses tanh_grad: a formula that overflows for large inputs
def tanh_grad(x):
    return 4 * np.exp(2 * x) / (np.exp(2 * x) + 1) ** 2


# %% keeps tanh_grad: by its function
def tanh_grad(x):
    return 1 - tanh(x) ** 2


# %% keeps tanh_grad: by cosh
def tanh_grad(x):
    return 1 / np.cosh(np.clip(x, -350, 350)) ** 2


# %% keeps tanh_grad: by automatic differentiation
import torch


def tanh_grad(x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    torch.tanh(x).sum().backward()
    return x.grad.numpy()


# %% keeps tanh_grad: a product of two factors
def tanh_grad(x):
    return (1 - tanh(x)) * (1 + tanh(x))
