"""Messages to people: a store that every room above may write to, and what goes out of it.

`kinds` is the table of what people are told; `posting.notify` queues a message in the act's own
transaction; `reading` is the account; `channels`, `sending` bring it outside. docs/messages.md.
"""
