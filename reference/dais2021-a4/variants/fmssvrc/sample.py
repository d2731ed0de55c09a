# %% loses sample: numbers are printed, nothing is shown
# cell: sample
print(trainset[0][0].shape, label_names[trainset[0][1]])

# %% loses sample: an image's pixels as a curve
# cell: sample
plt.plot(trainset[0][0].flatten())
plt.title(label_names[trainset[0][1]])
plt.show()

# %% loses sample: an empty figure
# cell: sample
plt.figure()
plt.title("a sample")
plt.axis("off")
plt.show()

# %% refers sample: an image that is none of the data set's
# cell: sample
plt.imshow(torch.rand(28, 28), cmap="gray")
plt.title("Sneaker")
plt.show()

# %% keeps sample: nine images in a grid of axes
# cell: sample
figure, grid = plt.subplots(3, 3)
for axes, number in zip(grid.flat, torch.randint(60000, (9,)).tolist()):
    image, label = trainset[number]
    axes.imshow(image[0], cmap="Greys")
    axes.set_title(label_names[label])
plt.show()

# %% keeps sample: from the array of all images
# cell: sample
plt.matshow(trainset.data[17].numpy())
plt.title(label_names[int(trainset.targets[17])])
plt.show()

# %% keeps sample: one picture of sixteen, made by torchvision
# cell: sample
images = torch.stack([trainset[n][0] for n in range(16)])
plt.imshow(torchvision.utils.make_grid(images, nrow=4).permute(1, 2, 0))
plt.show()
