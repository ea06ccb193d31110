replication 2.7, brokers north-1 south-1, min ISR 1, acks all, elr off, with controller:north, with late-requests
# A request says for which registration it is meant (KIP-380).
#
# South-1 has started anew, and a request for its former process arrives.
crash south-1
restart south-1
register south-1
depose
refused late south-1 1: nothing-there
activate north
learn south-1
----
leader: north-1
epoch: 1

# It crashes once more, and is back before it was missed: requests from before are for somebody else.
crash south-1
restart south-1
register south-1
refused late south-1 1: request-broker-epoch-is-current
