"""Before RNNs: models of the text that are not recurrent, beside the one that is."""
