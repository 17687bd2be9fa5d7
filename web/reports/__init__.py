"""What people keep of moderated media: a page that stands for itself, and a picture of the scores."""
