"""What a batch run does, task by task, without the scheduler that calls it."""
