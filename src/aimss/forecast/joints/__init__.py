"""Her joints: pain with and without the drug, remedies, staying on treatment."""
