# %% loses plot_tanh: only the function is drawn
def plot_tanh(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, tanh(x), "r", label="tanh")
    plt.title("tanh")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% loses plot_tanh: always from -10 to 10
def plot_tanh(x_min, x_max):
    x = np.linspace(-10, 10, 200)
    plt.plot(x, tanh(x), label="tanh")
    plt.plot(x, tanh_grad(x), label="derivative")
    plt.title("tanh")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% loses plot_tanh: no labels on the axes
def plot_tanh(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, tanh(x), label="tanh")
    plt.plot(x, tanh_grad(x), label="derivative")
    plt.title("tanh")
    plt.legend()
    plt.show()


# %% loses plot_tanh: both curves in one colour, no legend
def plot_tanh(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, tanh(x), "b")
    plt.plot(x, tanh_grad(x), "b--")
    plt.title("tanh")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.show()


# %% loses plot_tanh: another function's curves
def plot_tanh(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, logistic(x), label="tanh")
    plt.plot(x, logistic_grad(x), label="derivative")
    plt.title("tanh")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% keeps plot_tanh: by axes, with few points
def plot_tanh(x_min, x_max):
    figure, axes = plt.subplots()
    x = np.linspace(x_min, x_max, 60)
    axes.plot(x, tanh_grad(x), "g--", label="derivative")
    axes.plot(x, tanh(x), "k", label="tanh")
    axes.set(title="tanh and its derivative", xlabel="x", ylabel="f(x)")
    axes.legend()
    plt.show()


# %% keeps plot_tanh: two plots side by side
def plot_tanh(x_min, x_max):
    x = np.arange(x_min, x_max, 0.1)
    figure, both = plt.subplots(1, 2)
    for axes, function, title in zip(both, (tanh, tanh_grad), ("tanh", "derivative")):
        axes.plot(x, function(x), label=title)
        axes.set_title(title)
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        axes.legend()
    figure.tight_layout()
    plt.show()


# %% keeps plot_tanh: point by point, the figure returned
def plot_tanh(x_min, x_max):
    points = [x_min + n * (x_max - x_min) / 300 for n in range(301)]
    figure = plt.figure()
    plt.plot(points, [float(tanh(p)) for p in points], color="#aa0000")
    plt.plot(points, [float(tanh_grad(p)) for p in points], color="#0000aa", linewidth=2)
    plt.legend(["tanh(x)", "derivative of tanh(x)"])
    plt.suptitle("tanh")
    plt.xlabel("input")
    plt.ylabel("output")
    return figure
