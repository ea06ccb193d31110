replication 4.1, brokers north-1 south-1 west-1, voters north 1 south 1 west 1, min ISR 1, acks all, elr on, unclean off, with controller:south
# What was refused and not heard of is asked for again, also of the second part that breaks out.
crash south-1
fence south-1
restart south-1
register south-1
unfence south-1
learn north-1 3
break-out west
fetch south-1
crash south-1
restart south-1
register south-1
apply north-1
break-out north
apply north-1
told north-1
