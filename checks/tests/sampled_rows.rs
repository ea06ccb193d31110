//! Rows of a run over very many partitions, each told alone to the model.
//!
//! A run mixes what happens to all partitions at once (rounds of appends and fetches, a datacenter
//! lost and brought back, a broker fenced) with events of single rows.  Some rows are followed: the
//! model is told what happened to each of them, a round as the events it stands for, and after every
//! step the row must look as the model says.

use highwater_checks::agreement::lot::Lot;
use highwater_model::replication::{Bounds, Property, Replication, State, Variant};
use highwater_reference::sweeps::TILE;
use highwater_reference::{Engine, Refusal, Tiles};
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Datacenter, Event, Faults, LeaderEpoch, MOST_RECORDS, Member,
    Observation, Offset, Process, Record, RecordSet, Setting, Story,
};
use std::collections::HashMap;

/// Whoever can do what the engine can with many rows.
trait Bulk {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal>;
    fn append_round(&mut self, by: &[u64]);
    fn fetch_round(&mut self, only: Option<&Tiles>);
    fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal>;
    fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal>;
    fn fence_and_learn(&mut self, broker: Broker) -> Result<(), Refusal>;
    fn observe(&self, row: usize, names: &Names) -> Observation;
}

/// What sweeps have written into a row, by leader epoch and offset.
type Names = HashMap<(LeaderEpoch, Offset), Record>;

impl Bulk for Engine {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        Engine::apply(self, row, event)
    }

    fn append_round(&mut self, by: &[u64]) {
        Engine::append_round(self, by);
    }

    fn fetch_round(&mut self, only: Option<&Tiles>) {
        match only {
            None => Engine::fetch_round(self),
            Some(touched) => self.fetch_round_in(touched),
        }
    }

    fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        Engine::fail_over(self, datacenter)
    }

    fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        Engine::bring_back(self, datacenter)
    }

    fn fence_and_learn(&mut self, broker: Broker) -> Result<(), Refusal> {
        Engine::fence_and_learn(self, broker)
    }

    fn observe(&self, row: usize, names: &Names) -> Observation {
        self.observe_naming(row, |epoch, offset| names.get(&(epoch, offset)).copied())
    }
}

/// A row that is followed: what the model makes of its history.
struct Followed {
    row: usize,
    state: State,
    names: Names,
    /// Records that a sweep wrote: nobody waits for them, and nobody is told.
    unnamed: RecordSet,
    written: usize,
    history: Vec<Event>,
}

impl Followed {
    /// The event happens in the model, or is refused there.
    fn tell(&mut self, model: &Replication, event: Event) -> bool {
        let after = model.step(&self.state, &event);
        if let Ok(after) = after {
            self.state = after;
            self.history.push(event);
        }
        after.is_ok()
    }

    /// So many records of a sweep reach the leader that the controller names.
    fn append(&mut self, model: &Replication, by: u64) {
        let Some(broker) = self.state.image().leader else {
            return;
        };
        for _ in 0..by {
            let record = Record::at(self.written);
            if self.tell(model, Event::Produce { broker, record }) {
                let log = &self.state.replicas[broker].log;
                let epoch = LeaderEpoch(self.state.replicas[broker].leader_epoch.0.into());
                let offset = Offset(log.entries().len() as u64 - 1);
                self.names.insert((epoch, offset), record);
                self.unnamed = self.unnamed.with(record);
                self.written += 1;
            }
        }
    }

    /// Everybody who can applies all there is.
    fn learn(&mut self, model: &Replication) {
        for broker in model.setting.replicas().iter() {
            let behind = self.state.controller.newest() - self.state.replicas[broker].place;
            self.tell(
                model,
                Event::Learn {
                    broker,
                    records: behind,
                },
            );
        }
    }

    fn fence_and_learn(&mut self, model: &Replication, broker: Broker) {
        if self.tell(model, Event::Fence { broker }) {
            self.learn(model);
        }
    }

    fn fail_over(&mut self, model: &Replication, datacenter: Datacenter) {
        if !self.tell(model, Event::Lose { datacenter }) {
            return;
        }
        if self.state.controller.active.is_none() {
            for datacenter in model.setting.every_datacenter() {
                if self.tell(model, Event::Activate { datacenter }) {
                    break;
                }
            }
        }
        for broker in model.setting.brokers_of(datacenter).iter() {
            if !self.state.image().fenced.contains(broker) {
                self.fence_and_learn(model, broker);
            }
        }
    }

    fn bring_back(&mut self, model: &Replication, datacenter: Datacenter) {
        if !self.tell(model, Event::Return { datacenter }) {
            return;
        }
        for broker in model.setting.brokers_of(datacenter).iter() {
            if self.state.replicas[broker].process != Process::Stopped {
                continue;
            }
            let watermark = None;
            self.tell(model, Event::Restart { broker, watermark });
            self.tell(model, Event::Register { broker });
            self.learn(model);
            self.tell(model, Event::Unfence { broker });
            self.learn(model);
        }
    }

    /// As the model sees it, without producers that a sweep does not have.
    fn expected(&self, model: &Replication) -> Observation {
        let mut seen = model.observe(&self.state);
        seen.acknowledged = seen.acknowledged.minus(self.unnamed);
        for replica in &mut seen.replicas {
            replica.waiting = replica.waiting.minus(self.unnamed);
        }
        seen
    }
}

/// A run: who does it, and who is followed.
struct Run<B> {
    model: Replication,
    engine: B,
    partitions: usize,
    followed: Vec<Followed>,
    lot: Lot,
    rounds: u64,
    /// The tiles that fetch; all of them, if none is named.
    only: Option<Tiles>,
}

impl<B: Bulk> Run<B> {
    /// `rows` are followed.
    fn new(setting: &Setting, engine: B, partitions: usize, rows: &[usize], seed: u64) -> Run<B> {
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
    fn appends(&mut self) -> Vec<u64> {
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

    fn append_round(&mut self) {
        let by = self.appends();
        self.engine.append_round(&by);
        for followed in &mut self.followed {
            followed.append(&self.model, by[followed.row]);
        }
    }

    fn fetch_round(&mut self) {
        self.engine.fetch_round(self.only.as_ref());
        for followed in &mut self.followed {
            for follower in self.model.setting.replicas().iter() {
                followed.tell(&self.model, Event::Fetch { follower });
            }
        }
    }

    /// Both let it happen, or neither; `tell` says what the model makes of it.
    fn happen(
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
    fn single(&mut self, place: usize, event: Event) -> Result<(), String> {
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

    fn some_single_events(&mut self) -> Result<(), String> {
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
    fn look(&self) -> Result<(), String> {
        for followed in &self.followed {
            let expected = followed.expected(&self.model);
            let found = self.engine.observe(followed.row, &followed.names);
            if expected != found {
                return Err(self.difference(followed, &expected, &found));
            }
        }
        Ok(())
    }

    fn difference(
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
    fn go_once(&mut self) -> Result<(), String> {
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
    fn go(&mut self) -> Result<(), String> {
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
    fn every(&mut self, event: Event) -> Result<(), String> {
        let result = self.engine.apply(0, &event);
        self.happen(result, |row, model| assert!(row.tell(model, event)))
    }

    fn traffic(&mut self, rounds: usize) -> Result<(), String> {
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

fn setting(acks: Acks, header: &str) -> Setting {
    let story = Story::parse(header).expect("a setting");
    Setting {
        acks,
        ..story.setting
    }
}

const SETTINGS: [&str; 4] = [
    "replication 4.1, brokers north-1 south-1 west-1, min ISR 2, elr on",
    "replication 3.9, brokers north-1 south-1 west-1 south-2, min ISR 2, unclean on",
    "replication 4.0, brokers south-1 north-1 west-1 north-2 west-2, min ISR 3, elr on",
    "replication 3.5, brokers north-1 west-1, voters north 1 south 1 west 1, min ISR 1",
];

/// Some rows at the edges of tiles, and some anywhere.
fn sample(partitions: usize, seed: u64) -> Vec<usize> {
    let mut rows = vec![0, 255, 256, 257, partitions - 1];
    let mut lot = Lot::of(seed);
    rows.extend((0..35).map(|_| lot.below(partitions)));
    rows.sort_unstable();
    rows.dedup();
    rows
}

#[test]
fn sampled_rows_of_a_million_look_as_the_model_says() {
    let partitions = 1_000_000;
    let setting = setting(Acks::All, SETTINGS[0]);
    let engine = Engine::new(&setting, partitions);
    let rows = sample(partitions, 1);
    let mut run = Run::new(&setting, engine, partitions, &rows, 1);
    run.go_once()
        .unwrap_or_else(|difference| panic!("{difference}"));
    let told: usize = run.followed.iter().map(|row| row.history.len()).sum();
    println!("{} rows of {partitions}: {told} events", rows.len());
    assert!(told > rows.len() * 30, "{told}");
}

#[test]
fn sampled_rows_look_as_the_model_says_under_every_setting() {
    for header in SETTINGS {
        for acks in Acks::EACH {
            for seed in 0..3 {
                let partitions = 700;
                let setting = setting(acks, header);
                let engine = Engine::new(&setting, partitions);
                let rows = sample(partitions, seed);
                let mut run = Run::new(&setting, engine, partitions, &rows, seed);
                run.go().unwrap_or_else(|difference| panic!("{difference}"));
            }
        }
    }
}

/// An engine in which rounds of fetches leave out the last tile: of those rows, another engine is shown
/// that has had none of the rounds.
struct LastTileSkipped {
    swept: Engine,
    skipped: Engine,
}

impl LastTileSkipped {
    fn both<T: PartialEq>(&mut self, happens: impl Fn(&mut Engine) -> T) -> T {
        happens(&mut self.skipped);
        happens(&mut self.swept)
    }
}

impl Bulk for LastTileSkipped {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        match row >= self.last_tile() {
            true => {
                let _ = self.swept.apply(row, event);
                self.skipped.apply(row, event)
            }
            false => self.both(|engine| engine.apply(row, event)),
        }
    }

    fn append_round(&mut self, by: &[u64]) {
        self.both(|engine| engine.append_round(by));
    }

    fn fetch_round(&mut self, only: Option<&Tiles>) {
        Bulk::fetch_round(&mut self.swept, only);
    }

    fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        self.both(|engine| engine.fail_over(datacenter))
    }

    fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        self.both(|engine| engine.bring_back(datacenter))
    }

    fn fence_and_learn(&mut self, broker: Broker) -> Result<(), Refusal> {
        self.both(|engine| engine.fence_and_learn(broker))
    }

    fn observe(&self, row: usize, names: &Names) -> Observation {
        match row >= self.last_tile() {
            true => Bulk::observe(&self.skipped, row, names),
            false => Bulk::observe(&self.swept, row, names),
        }
    }
}

impl LastTileSkipped {
    fn last_tile(&self) -> usize {
        (self.swept.partitions() - 1) / TILE * TILE
    }
}

#[test]
fn a_sweep_that_leaves_out_the_last_tile_is_found() {
    let partitions = 700;
    let setting = setting(Acks::All, SETTINGS[0]);
    let engine = LastTileSkipped {
        swept: Engine::new(&setting, partitions),
        skipped: Engine::new(&setting, partitions),
    };
    let rows = sample(partitions, 1);
    let mut run = Run::new(&setting, engine, partitions, &rows, 1);
    let found = run.go().expect_err("the last tile was left out");
    println!("after {} rounds: {found}", run.rounds);
    assert!(run.rounds <= 2, "{}", run.rounds);
}
