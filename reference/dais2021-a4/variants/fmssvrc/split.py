# %% loses validation_split: far too few images
# cell: split
validation_size = 100
trainset, valset = random_split(trainset, [len(trainset) - validation_size, validation_size])

# %% loses validation_split: most of the images
# cell: split
validation_size = 45000
trainset, valset = random_split(trainset, [len(trainset) - validation_size, validation_size])

# %% loses validation_split: the test set is used for validation
# cell: split
validation_size = 0
valset = testset

# %% loses validation_split: the validation images are trained on, too
# cell: split
validation_size = 6000
valset = torch.utils.data.Subset(trainset, range(validation_size))

# %% keeps validation_split: the last ten thousand
# cell: split
valset = torch.utils.data.Subset(trainset, range(50000, 60000))
trainset = torch.utils.data.Subset(trainset, range(50000))

# %% keeps validation_split: a tenth, by shares
# cell: split
trainset, valset = random_split(trainset, [0.9, 0.1])

# %% keeps validation_split: by samplers
# cell: split
order = torch.randperm(len(trainset)).tolist()
validation_size = 5000
# cell: loaders
from torch.utils.data import SubsetRandomSampler

batch_size = 128
trainloader = DataLoader(trainset, batch_size, sampler=SubsetRandomSampler(order[validation_size:]))
valloader = DataLoader(trainset, batch_size, sampler=SubsetRandomSampler(order[:validation_size]))
testloader = DataLoader(testset, batch_size)
