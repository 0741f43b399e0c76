"""The fit of the joint half by NUTS: the latent course and its reporting, the remedies, stopping (extra `bayes`)."""
