replication 3.9, brokers south-1 south-2 north-1, min ISR 1, acks all
# South-1 asks to drop north-1, stops, and is back within its session with the request still on its way.
# Until that is handled its new process asks for nothing.
lag
shrink south-1 north-1
crash south-1
restart south-1
register south-1
refused shrink south-1 north-1: one-change-on-the-wire
