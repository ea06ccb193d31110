replication 2.1, brokers west-1 south-1 north-1, min ISR 1, acks all, elr off, unclean off, with controller:west
# Nobody has noticed that south-1 was gone, so what was sent to its former process may reach this one.
# The configuration it has read itself, before it registered: an older one is no news to it.
crash north-1
fence north-1
set-min-isr 2
crash south-1
set-min-isr 3
restart south-1
register south-1
learn south-1 1
refused learn south-1 1: nothing-there
# Of a change after that it hears.
set-min-isr 1
learn south-1 1
