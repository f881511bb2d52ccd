"""The handlers of queues, clock and commands: parse, call one use case, done."""
