"""What examiner and candidate say to each other: values, frames, and what each sees of the other."""
