"""What has been published: sources, studies, results, and their pooling."""
