# %% loses test_accuracy: far too small steps
# cell: hyperparameters
loss = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.00001)
epochs = 2

# %% loses test_accuracy: learned from 300 images
# cell: loaders
trainloader = DataLoader(torch.utils.data.Subset(trainset, range(300)), batch_size=32, shuffle=True)
valloader = DataLoader(valset, batch_size=128)
testloader = DataLoader(testset, batch_size=128)


# %% loses test_accuracy: trained with the classes of other images
# cell: train-evaluate
def train(model, dataloader, optimizer, loss):
    model.train()
    total_loss, correct, count = 0.0, 0, 0
    for images, labels in dataloader:
        labels = labels.roll(1)
        optimizer.zero_grad()
        outputs = model(images)
        batch_loss = loss(outputs, labels)
        batch_loss.backward()
        optimizer.step()
        total_loss += batch_loss.item() * len(labels)
        correct += (outputs.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    return total_loss / count, correct / count


def evaluate(model, dataloader):
    model.eval()
    correct, count = 0, 0
    with torch.no_grad():
        for images, labels in dataloader:
            correct += (model(images).argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return correct / count


# %% loses test_accuracy: a loss of the wrong sign
# cell: hyperparameters
criterion = nn.CrossEntropyLoss()
loss = lambda outputs, labels: -criterion(outputs.clamp(-5, 5), labels)
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
epochs = 2

# %% keeps test_accuracy: stochastic gradient descent with momentum
# cell: hyperparameters
loss = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
epochs = 2


# %% keeps test_accuracy: a schedule for the learning rate, smoothed labels
# cell: hyperparameters
class Scheduled(torch.optim.AdamW):
    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"] *= 0.999
        return super().step(closure)


loss = nn.CrossEntropyLoss(label_smoothing=0.05)
optimizer = Scheduled(model.parameters(), lr=0.003)
epochs = 2

# %% keeps test_accuracy: no seed of its own
# cell: imports
import matplotlib.pyplot as plt
import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader, random_split
from torchvision.transforms import ToTensor
