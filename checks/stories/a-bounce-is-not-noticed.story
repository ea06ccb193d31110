replication 2.1, brokers north-1 south-1, min ISR 1, acks all, elr off, with controller:south
# Before KIP-380 the controller compares ids: who is back before it was missed was never gone.
#
# North-1 leads, loses what it acknowledged, and makes a new node before anybody looks.
produce north-1 r1
fetch south-1
fetch south-1
ack north-1 r1
power-loss north-1 1
restart north-1
register north-1
refused fence north-1: fenced-is-silent
----
leader: north-1
epoch: 1
north-1: |

# Nobody tells it anything. A new controller tells everybody what the partition is: north-1 leads, in the
# epoch in which it led before.
depose
activate south
learn north-1
fetch south-1
----
leader: north-1
epoch: 1
north-1: |
south-1: |
acknowledged: r1
