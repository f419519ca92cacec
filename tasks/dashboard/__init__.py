"""What staff see first: how the work goes, in panels that each floor gives."""
