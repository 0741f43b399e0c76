"""What happens inside her: one declaration of states, parameters and rates."""
