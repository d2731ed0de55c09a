# %% loses plot_logistic: only the function is drawn
def plot_logistic(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, logistic(x), "r", label="logistic")
    plt.title("logistic")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% loses plot_logistic: always from -10 to 10
def plot_logistic(x_min, x_max):
    x = np.linspace(-10, 10, 200)
    plt.plot(x, logistic(x), label="logistic")
    plt.plot(x, logistic_grad(x), label="derivative")
    plt.title("logistic")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% loses plot_logistic: no labels on the axes
def plot_logistic(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, logistic(x), label="logistic")
    plt.plot(x, logistic_grad(x), label="derivative")
    plt.title("logistic")
    plt.legend()
    plt.show()


# %% loses plot_logistic: both curves in one colour, no legend
def plot_logistic(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, logistic(x), "b")
    plt.plot(x, logistic_grad(x), "b--")
    plt.title("logistic")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.show()


# %% loses plot_logistic: another function's curves
def plot_logistic(x_min, x_max):
    x = np.linspace(x_min, x_max, 200)
    plt.plot(x, relu(x), label="logistic")
    plt.plot(x, relu_grad(x), label="derivative")
    plt.title("logistic")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.legend()
    plt.show()


# %% keeps plot_logistic: by axes, with few points
def plot_logistic(x_min, x_max):
    figure, axes = plt.subplots()
    x = np.linspace(x_min, x_max, 60)
    axes.plot(x, logistic_grad(x), "g--", label="derivative")
    axes.plot(x, logistic(x), "k", label="logistic")
    axes.set(title="logistic and its derivative", xlabel="x", ylabel="f(x)")
    axes.legend()
    plt.show()


# %% keeps plot_logistic: two plots side by side
def plot_logistic(x_min, x_max):
    x = np.arange(x_min, x_max, 0.1)
    figure, both = plt.subplots(1, 2)
    for axes, function, title in zip(both, (logistic, logistic_grad), ("logistic", "derivative")):
        axes.plot(x, function(x), label=title)
        axes.set_title(title)
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        axes.legend()
    figure.tight_layout()
    plt.show()


# %% keeps plot_logistic: point by point, the figure returned
def plot_logistic(x_min, x_max):
    points = [x_min + n * (x_max - x_min) / 300 for n in range(301)]
    figure = plt.figure()
    plt.plot(points, [float(logistic(p)) for p in points], color="#aa0000")
    plt.plot(points, [float(logistic_grad(p)) for p in points], color="#0000aa", linewidth=2)
    plt.legend(["logistic(x)", "derivative of logistic(x)"])
    plt.suptitle("logistic")
    plt.xlabel("input")
    plt.ylabel("output")
    return figure
