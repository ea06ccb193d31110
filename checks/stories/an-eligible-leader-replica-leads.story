replication 4.1, brokers north-1 south-1, min ISR 2, acks all, elr on
# Whoever left the ISR below min ISR holds everything committed, so it may still lead (KIP-966).
produce north-1 r1
fetch south-1
fetch south-1
ack north-1 r1
----
acknowledged: r1

# South-1 falls behind and is dropped.  North-1 alone is less than min ISR 2, so nothing is
# committed from here on, and south-1 is remembered as an eligible leader replica.
lag
produce north-1 r2
shrink north-1 south-1
apply north-1
----
isr: north-1
elr: south-1

# Now north-1 stops too.  Without eligible leader replicas the partition would have to wait for it.
crash north-1
fence north-1
learn south-1
----
leader: south-1
epoch: 2
isr: south-1
elr: north-1
acknowledged: r1
