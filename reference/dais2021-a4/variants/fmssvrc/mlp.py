# %% loses mlp: a convolution
# cell: model
model = nn.Sequential(
    nn.Conv2d(1, 32, 4, stride=4),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(32 * 49, 128),
    nn.ReLU(),
    nn.Linear(128, 10),
)

# %% loses mlp: pooling
# cell: model
model = nn.Sequential(
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(196, 256),
    nn.ReLU(),
    nn.Linear(256, 10),
)

# %% loses mlp: no hidden layer
# cell: model
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

# %% loses mlp: the handout's network as it was
# cell: model
model = nn.Sequential(
    nn.Flatten(),
    nn.Linear(28 * 28, 20),
    nn.Sigmoid(),
    nn.Linear(20, 10),
    nn.Sigmoid(),
)

# %% loses mlp: no activation function
# cell: model
model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 64), nn.Linear(64, 10))

# %% keeps mlp: one wide hidden layer
# cell: model
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 10))


# %% keeps mlp: a class of its own
# cell: model
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(128, 10)
        self.first = nn.Linear(784, 256)
        self.second = nn.Linear(256, 128)

    def forward(self, x):
        x = torch.relu(self.first(x.view(x.shape[0], -1)))
        return self.out(torch.nn.functional.leaky_relu(self.second(x)))


model = Net()

# %% keeps mlp: tanh, normalised layers, probabilities as logarithms
# cell: model
model = nn.Sequential(
    nn.Flatten(),
    nn.Linear(784, 200),
    nn.LayerNorm(200),
    nn.Tanh(),
    nn.Dropout(0.1),
    nn.Linear(200, 10),
    nn.LogSoftmax(dim=1),
)
