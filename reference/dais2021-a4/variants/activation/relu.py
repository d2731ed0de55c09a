# %% loses relu: leaky
def relu(x):
    return np.where(x > 0, x, 0.01 * x)


# %% loses relu: a step
def relu(x):
    return 1.0 * (np.asarray(x) > 0)


# %% loses relu: the absolute value
def relu(x):
    return np.abs(x)


# %% loses relu: the smaller of both
def relu(x):
    return np.minimum(0, x)


# %% loses relu: never above 6
def relu(x):
    return np.clip(x, 0, 6)


# %% keeps relu: numpy's maximum
def relu(x):
    return np.maximum(0, x)


# %% keeps relu: a product with a mask
def relu(x):
    return x * (x > 0)


# %% keeps relu, plot_relu: of single numbers
def relu(x):
    return max(0, x)


def plot_relu(x_min, x_max):
    points = np.linspace(x_min, x_max, 100)
    plt.plot(points, [relu(point) for point in points], label="relu")
    plt.plot(points, [relu_grad(point) for point in points], label="derivative")
    plt.title("relu")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()


# %% keeps relu: in place
def relu(x):
    x = np.array(x)
    x[x < 0] = 0
    return x


# %% loses relu_grad: the derivative of tanh
def relu_grad(x):
    return 1 - np.tanh(x) ** 2


# %% loses relu_grad, plot_relu: 1 everywhere, which is no curve to be told from any flat line
def relu_grad(x):
    return np.ones_like(x)


# %% loses relu_grad: the function in place of its derivative
def relu_grad(x):
    return np.maximum(0, x)


# %% loses relu_grad: the sign
def relu_grad(x):
    return np.sign(x)


# %% loses relu_grad: 1 for negative inputs
def relu_grad(x):
    return 1.0 * (np.asarray(x) < 0)


# %% keeps relu_grad: truth values
def relu_grad(x):
    return np.asarray(x) > 0


# %% keeps relu_grad: a half at 0
def relu_grad(x):
    return np.heaviside(x, 0.5)


# %% keeps relu_grad, plot_relu: of single numbers, 1 at 0
def relu_grad(x):
    return 1 if x >= 0 else 0


def plot_relu(x_min, x_max):
    points = np.linspace(x_min, x_max, 100)
    plt.plot(points, [relu(point) for point in points], label="relu")
    plt.plot(points, [relu_grad(point) for point in points], label="derivative")
    plt.title("relu")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()


# %% keeps relu_grad: by automatic differentiation
import torch


def relu_grad(x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    torch.relu(x).sum().backward()
    return x.grad
