replication 4.1, brokers north-1 south-1, min ISR 1, acks all, elr on
# South-1 has left the ISR, so its controlled shutdown changes nothing that the leader hears of with the
# partition, and the leader has not learned of the other record yet.
lag
produce north-1 r1
shrink north-1 south-1
apply north-1
told north-1
controlled-shutdown south-1
fetch south-1
fetch south-1
----
isr: north-1
in-controlled-shutdown: south-1

# What it proposes is refused by the controller.
apply north-1
told north-1
----
isr: north-1
