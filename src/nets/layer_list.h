LAYER(dense)
