//! Exploratory.

use highwater_checks::liveness::{Liveness, Verdict};
use highwater_checks::{Source, experiment_file};
use highwater_model::replication::{Property, Replication};

fn model(setting: &str, more: &str, row: &str, bounds: &str) -> Replication {
    let text = format!(
        "title = 't'\nquestion = 'q'\nsource = 'R01'\nheadline = 'acked-in-leader'\n[setting]\n{setting}\n{more}\n[faults]\nrow = '{row}'\n[bounds]\n{bounds}\n[verdicts]\ndefault = 'holds'\nacked-in-leader = 'holds'\n"
    );
    let source = Source::new("test", text);
    let experiment = experiment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
    Replication { asked: Property::ALL, ..experiment.model }
}

#[test]
fn exploratory() {
    for kafka in ["3.5", "3.9", "4.0", "4.1"] {
        for m in [1, 2] {
            for row in ["none", "broker-crash", "broker-power-loss", "broker-pause", "lag+broker-crash", "controller-failover", "lag+controller-failover+broker-crash", "cut:a|b", "broker-wiped"] {
                let model = model(
                    &format!("kafka = '{kafka}'\nbrokers = ['a-1', 'b-1']\nvoters = {{ a = 1, b = 1, w = 1 }}\nmin_insync_replicas = {m}"),
                    "", row, "records = 1\nelections = 1\nisr_changes = 1\npreferred_elections = 0",
                );
                let start = std::time::Instant::now();
                let found = Liveness::of(&model, 400_000);
                let words: Vec<String> = found.verdicts.iter().map(|(p, v)| match v { Verdict::Violated(_) => format!("{}:VIOLATED", p.name), Verdict::Holds => "h".into(), Verdict::Silent => "s".into(), Verdict::Incomplete => "?".into() }).collect();
                println!("{kafka} m{m} {row:40} {:?} {:?} {} {:?}", found.states, start.elapsed(), words.join(" "), found.incomplete);
                if std::env::var("TELL").is_ok() {
                for (p, v) in &found.verdicts {
                    if let Verdict::Violated(lasso) = v {
                        println!("   {}:", p.name);
                        for e in &lasso.faults { println!("      {}", e.line(&model.setting)); }
                        println!("      -- nothing more fails");
                        for e in &lasso.way { println!("      {}", e.line(&model.setting)); }
                        println!("      -- for ever");
                        for e in &lasso.round { println!("      {}", e.line(&model.setting)); }
                        println!("      idle {:?}", lasso.idle);
                    }
                } }
            }
        }
    }
}
