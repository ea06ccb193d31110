replication 4.1, brokers north-1 south-1, voters north 1 south 1 east 1, min ISR 2, acks all, elr on
# An orderly stop leaves its mark on the disk; who comes back with another disk has no mark to show.
#
# South-1 holds r1 and is stopped in an orderly way.  It leaves the ISR and may still lead.
produce north-1 r1
fetch south-1
fetch south-1
ack north-1 r1
stop south-1
fence south-1
----
isr: north-1
elr: south-1

# Its datacenter is destroyed.  With the disk goes the mark, so the registration costs the seat: an
# empty replica must not be elected.
destroy south
return south
restart south-1
register south-1
----
isr: north-1
elr: none
south-1: |
acknowledged: r1
