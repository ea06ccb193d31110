//! A run over many partitions, of which some are followed.

use crate::bulk::{Bulk, Names};
use crate::followed::Followed;
use highwater_checks::agreement::lot::Lot;
use highwater_model::replication::{Bounds, Property, Replication, Variant};
use highwater_reference::{Refusal, Tiles};
use highwater_vocabulary::{
    Broker, BrokerSet, Datacenter, Event, Faults, MOST_RECORDS, Member, Observation, Record,
    RecordSet, Setting, Story,
};

/// A run: who does it, and who is followed.
pub(crate) struct Run<B> {
    pub(crate) model: Replication,
    pub(crate) engine: B,
    pub(crate) partitions: usize,
    pub(crate) followed: Vec<Followed>,
    pub(crate) lot: Lot,
    pub(crate) rounds: u64,
    /// The tiles that fetch; all of them, if none is named.
    pub(crate) only: Option<Tiles>,
}

impl<B: Bulk> Run<B> {
    /// `rows` are followed.
    pub(crate) fn new(
        setting: &Setting,
        engine: B,
        partitions: usize,
        rows: &[usize],
        seed: u64,
    ) -> Run<B> {
        let model = Replication {
            setting: setting.clone(),
            variant: Variant::of(setting.kafka),
            faults: Faults::default(),
            bounds: Bounds::default(),
            asked: Property::ALL,
        };
        let state = model.beginnings()[0];
        let followed = rows.iter().map(|row| Followed {
            row: *row,
            state,
            names: Names::new(),
            unnamed: RecordSet::EMPTY,
            written: 0,
            history: Vec::new(),
        });
        Run {
            followed: followed.collect(),
            model,
            engine,
            partitions,
            lot: Lot::of(seed),
            rounds: 0,
            only: None,
        }
    }

    /// How much a row appends in the next round: up to two records; a row that is followed no more
    /// than the model has room for.
    pub(crate) fn appends(&mut self) -> Vec<u64> {
        self.rounds += 1;
        let rounds = self.rounds;
        let often = |row: usize| (row as u64 ^ rounds).wrapping_mul(0x9E37_79B9) >> 13;
        let mut by: Vec<u64> = (0..self.partitions).map(|row| often(row) % 3).collect();
        for followed in &self.followed {
            let room = (MOST_RECORDS - followed.written) as u64;
            by[followed.row] = by[followed.row].min(room);
        }
        by
    }

    pub(crate) fn append_round(&mut self) {
        let by = self.appends();
        self.engine.append_round(&by);
        for followed in &mut self.followed {
            followed.append(&self.model, by[followed.row]);
        }
    }

    pub(crate) fn fetch_round(&mut self) {
        self.engine.fetch_round(self.only.as_ref());
        for followed in &mut self.followed {
            for follower in self.model.setting.replicas().iter() {
                followed.tell(&self.model, Event::Fetch { follower });
            }
        }
    }

    /// Both let it happen, or neither; `tell` says what the model makes of it.
    pub(crate) fn happen(
        &mut self,
        result: Result<(), Refusal>,
        tell: impl Fn(&mut Followed, &Replication),
    ) -> Result<(), String> {
        result.map_err(|refusal| format!("`{refusal}` refuses what should happen"))?;
        for followed in &mut self.followed {
            tell(followed, &self.model);
        }
        Ok(())
    }

    /// An event of one of the rows that are followed, or of all of them at once.
    pub(crate) fn single(&mut self, place: usize, event: Event) -> Result<(), String> {
        let followed = &mut self.followed[place];
        let engine = self.engine.apply(followed.row, &event).is_ok();
        let model = followed.tell(&self.model, event);
        if model && let Event::Produce { .. } = event {
            followed.written += 1;
        }
        if engine == model {
            return Ok(());
        }
        let line = event.line(&self.model.setting);
        Err(format!("only one of the two lets `{line}` happen"))
    }

    pub(crate) fn some_single_events(&mut self) -> Result<(), String> {
        for _ in 0..self.followed.len() * 2 {
            let place = self.lot.below(self.followed.len());
            let broker = Broker::at(self.lot.below(self.model.setting.brokers.len()));
            let (leader, follower) = (broker, broker);
            let written = self.followed[place].written;
            let record = Record::at(written.min(MOST_RECORDS - 1));
            let event = match self.lot.below(12) {
                0 if written < MOST_RECORDS => Event::Produce { broker, record },
                1 => Event::FetchLost { follower },
                2 => Event::Shrink {
                    leader: Broker::at(self.lot.below(self.model.setting.brokers.len())),
                    dropped: BrokerSet::only(broker),
                },
                3 | 4 => Event::Apply { leader },
                5 => Event::Told { leader },
                6 => Event::Learn { broker, records: 1 },
                7 => Event::Prefer,
                8 => {
                    let record = Record::at(self.lot.below(MOST_RECORDS));
                    if self.followed[place].unnamed.contains(record) {
                        continue;
                    }
                    Event::Ack { broker, record }
                }
                _ => Event::Fetch { follower },
            };
            self.single(place, event)?;
        }
        Ok(())
    }

    /// Every row that is followed looks as the model says.
    pub(crate) fn look(&self) -> Result<(), String> {
        for followed in &self.followed {
            let expected = followed.expected(&self.model);
            let found = self.engine.observe(followed.row, &followed.names);
            if expected != found {
                return Err(self.difference(followed, &expected, &found));
            }
        }
        Ok(())
    }

    pub(crate) fn difference(
        &self,
        followed: &Followed,
        expected: &Observation,
        found: &Observation,
    ) -> String {
        let setting = &self.model.setting;
        let lines = followed.history.iter().map(|event| event.line(setting));
        let lines: Vec<String> = lines.collect();
        format!(
            "row {}:\n{}\n{}\nthe model:\n{}\nthe engine:\n{}\n",
            followed.row,
            Story::header(setting, &[]),
            lines.join("\n"),
            expected.facts(setting).join("\n"),
            found.facts(setting).join("\n"),
        )
    }

    /// An outage, with traffic before, in and after it.  Whoever comes back is proposed for the ISR by
    /// the next fetch, which makes every row deviate that fetches; so from there on only the tiles of
    /// the rows that are followed do.
    pub(crate) fn go_once(&mut self) -> Result<(), String> {
        self.every(Event::Lag)?;
        let datacenter = Datacenter::at(0);
        self.traffic(2)?;
        let result = self.engine.fail_over(datacenter);
        self.happen(result, |row, model| row.fail_over(model, datacenter))?;
        self.look()?;
        self.traffic(1)?;
        let result = self.engine.bring_back(datacenter);
        self.happen(result, |row, model| row.bring_back(model, datacenter))?;
        self.look()?;
        let mut touched = Tiles::none(self.partitions);
        for followed in &self.followed {
            touched.touch(followed.row);
        }
        self.only = Some(touched);
        self.traffic(3)
    }

    /// Several outages, each with traffic before, in and after it.
    pub(crate) fn go(&mut self) -> Result<(), String> {
        self.every(Event::Lag)?;
        for site in [0, 1] {
            let datacenter = Datacenter::at(site);
            self.traffic(2)?;
            let result = self.engine.fail_over(datacenter);
            self.happen(result, |row, model| row.fail_over(model, datacenter))?;
            self.look()?;
            self.traffic(2)?;
            let result = self.engine.bring_back(datacenter);
            self.happen(result, |row, model| row.bring_back(model, datacenter))?;
            self.look()?;
            self.traffic(1)?;
        }
        let broker = Broker::at(1);
        self.every(Event::Crash { broker })?;
        let result = self.engine.fence_and_learn(broker);
        self.happen(result, |row, model| row.fence_and_learn(model, broker))?;
        self.look()?;
        self.traffic(1)
    }

    /// What happens to all rows at once happens.
    pub(crate) fn every(&mut self, event: Event) -> Result<(), String> {
        let result = self.engine.apply(0, &event);
        self.happen(result, |row, model| assert!(row.tell(model, event)))
    }

    pub(crate) fn traffic(&mut self, rounds: usize) -> Result<(), String> {
        for _ in 0..rounds {
            self.append_round();
            self.look()?;
            self.fetch_round();
            self.look()?;
            self.some_single_events()?;
            self.look()?;
            self.fetch_round();
            self.look()?;
        }
        Ok(())
    }
}
