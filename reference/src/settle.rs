//! A row forgets what can no longer have an effect.

use crate::cluster::Cluster;
use crate::row::{Row, Wire};

impl Row {
    /// Forgets what can no longer have an effect, so that one state has one form:
    /// an ISR change that the controller would refuse as out of date (which leaves it pending, as
    /// silence does), an answer to a proposal that is pending no more, and metadata that a broker
    /// that does not lead would apply without noticing.
    pub(crate) fn settle(&mut self, cluster: &Cluster) {
        for broker in 0..cluster.brokers {
            self.drop_dead_message(broker, cluster);
            if cluster.has_zookeeper() {
                self.skip_what_cannot_be_taken(broker, cluster);
            } else {
                self.memory[broker].behind *= usize::from(cluster.remembers(broker));
                self.skip_what_changes_nothing(broker, cluster);
            }
            self.forget_losses(broker, cluster);
        }
        if cluster.keeps_requests {
            return;
        }
        let slowest = |is_apart: bool| {
            let brokers =
                (0..cluster.brokers).filter(|broker| cluster.is_apart(*broker) == is_apart);
            brokers
                .map(|broker| self.memory[broker].behind)
                .max()
                .unwrap_or(0)
        };
        let (behind, behind_former) = (slowest(false), slowest(true));
        // A copy that has fallen behind may come to be what is read.
        let kept = self.copied.map_or(0, |copied| copied.since);
        let unread = self.records.len().saturating_sub(behind.max(kept));
        self.records.drain(..unread);
        if let Some(former) = &mut self.former {
            former.records.drain(..former.records.len() - behind_former);
        }
    }

    fn drop_dead_message(&mut self, broker: usize, cluster: &Cluster) {
        let registered = self.registered(broker, cluster);
        let memory = &self.memory[broker];
        let dead = match &memory.wire {
            None => false,
            // With ZooKeeper a controller says yes to what is so already.
            Some(Wire::Asked(proposal)) => {
                proposal.partition_epoch < registered.partition_epoch
                    && !(cluster.has_zookeeper() && proposal.is_so(broker, &registered))
            }
            Some(Wire::Answered { number, .. }) => {
                let tenure = memory.tenure.as_ref();
                tenure.and_then(|tenure| tenure.pending).map(|it| it.number) != Some(*number)
            }
        };
        let memory = &mut self.memory[broker];
        if dead {
            memory.wire = None;
        }
        // Numbers only tell proposals apart that are under way together.
        let pending = memory.tenure.as_ref().and_then(|tenure| tenure.pending);
        if memory.wire.is_none() && pending.is_none() {
            memory.proposals = 0;
        }
    }

    /// With ZooKeeper: requests that the broker would refuse, now and ever after, have passed it by, unless
    /// all are kept and counted.  Those for a process that has ended wait for the next one, unless that would refuse them all.
    fn skip_what_cannot_be_taken(&mut self, broker: usize, cluster: &Cluster) {
        let remembers = cluster.remembers(broker);
        if let Some(late) = self.late[broker].as_mut().filter(|_| !remembers) {
            // Its answer is for a process that has ended, which no broker epoch of 2.1 tells.
            late.broker_epoch = 0;
        }
        if !remembers && !cluster.is_sent_to(broker) {
            self.memory[broker].behind = 0;
        }
        self.memory[broker].unconfigured *= usize::from(remembers);
        if cluster.keeps_requests {
            return;
        }
        let own_epoch = cluster.stated_epoch(broker);
        let memory = &mut self.memory[broker];
        while memory.behind > 0 {
            let request = &self.records[self.records.len() - memory.behind];
            let may_be_taken = match remembers {
                true => {
                    request.configures_anew(memory.behind - 1, memory)
                        || request.may_be_taken(broker, memory, own_epoch)
                }
                // The next process reads the configuration before anything else.
                false => request.fenced >> broker & 1 == 0 && request.partition.leader != 0,
            };
            if may_be_taken {
                return;
            }
            memory.behind -= 1;
            memory.unconfigured = memory.unconfigured.min(memory.behind);
        }
    }

    fn skip_what_changes_nothing(&mut self, broker: usize, cluster: &Cluster) {
        let records = match &self.former {
            Some(former) if cluster.is_apart(broker) => &former.records,
            _ => &self.records,
        };
        // Whoever knows no more than a copy that fell behind could follow it.
        let copied = self.copied.filter(|_| !cluster.is_apart(broker));
        let memory = &mut self.memory[broker];
        let is_level = |behind| copied.is_some_and(|copied| copied.since == behind);
        while memory.behind > 0 && memory.tenure.is_none() && !is_level(memory.behind) {
            let next = &records[records.len() - memory.behind];
            let (was_assigned, is_assigned) = (memory.image.assigns(broker), next.assigns(broker));
            let differs = next.partition.leader != memory.leader
                || next.partition.leader_epoch != memory.leader_epoch;
            let notices = was_assigned != is_assigned || is_assigned && differs;
            if notices {
                return;
            }
            memory.image = *next;
            memory.partition_epoch = next.partition.partition_epoch;
            memory.behind -= 1;
        }
    }

    /// Whoever does not lead will lead in a later epoch only, and has written nothing in that.
    fn forget_losses(&mut self, broker: usize, cluster: &Cluster) {
        let memory = &self.memory[broker];
        let leads_on = self.disks[broker].tells_tenures_apart()
            || self.registration.leader >> broker & 1 == 1
            || memory.tenure.is_some();
        // A late request can make a process that has forgotten everything lead in an epoch of old.
        if !leads_on && memory.behind == 0 && !cluster.keeps_requests {
            self.disks[broker].losses = 0;
        }
    }
}
