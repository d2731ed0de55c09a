# %% loses plot_relu: only the function is drawn
def plot_relu(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, relu(x), "r", label="relu")
    plt.title("relu")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% loses plot_relu: always from -10 to 10
def plot_relu(x_min, x_max):
    x = np.linspace(-10, 10, 200)
    plt.plot(x, relu(x), label="relu")
    plt.plot(x, relu_grad(x), label="derivative")
    plt.title("relu")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% loses plot_relu: no labels on the axes
def plot_relu(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, relu(x), label="relu")
    plt.plot(x, relu_grad(x), label="derivative")
    plt.title("relu")
    plt.legend()
    plt.show()


# %% loses plot_relu: both curves in one colour, no legend
def plot_relu(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, relu(x), "b")
    plt.plot(x, relu_grad(x), "b--")
    plt.title("relu")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.show()


# %% loses plot_relu: another function's curves
def plot_relu(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, tanh(x), label="relu")
    plt.plot(x, tanh_grad(x), label="derivative")
    plt.title("relu")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% keeps plot_relu: by axes, with few points
def plot_relu(x_min, x_max):
    figure, axes = plt.subplots()
    x = np.linspace(x_min, x_max, 60)
    axes.plot(x, relu_grad(x), "g--", label="derivative")
    axes.plot(x, relu(x), "k", label="relu")
    axes.set(title="relu and its derivative", xlabel="x", ylabel="f(x)")
    axes.legend()
    plt.show()


# %% keeps plot_relu: two plots side by side
def plot_relu(x_min, x_max):
    x = np.arange(x_min, x_max, 0.1)
    figure, both = plt.subplots(1, 2)
    for axes, function, title in zip(both, (relu, relu_grad), ("relu", "derivative")):
        axes.plot(x, function(x), label=title)
        axes.set_title(title)
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        axes.legend()
    figure.tight_layout()
    plt.show()


# %% keeps plot_relu: point by point, the figure returned
def plot_relu(x_min, x_max):
    points = [x_min + n * (x_max - x_min) / 300 for n in range(301)]
    figure = plt.figure()
    plt.plot(points, [float(relu(p)) for p in points], color="#aa0000")
    plt.plot(points, [float(relu_grad(p)) for p in points], color="#0000aa", linewidth=2)
    plt.legend(["relu(x)", "derivative of relu(x)"])
    plt.suptitle("relu")
    plt.xlabel("input")
    plt.ylabel("output")
    return figure
