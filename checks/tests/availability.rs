//! temporary
use highwater_checks::{availability, check, ladder, source::Source, deployment_file};
use highwater_model::replication::{Bounds, Grain};
use std::time::Instant;

#[test]
fn measure() {
    let which = std::env::var("FILES").unwrap_or_default();
    let grain = match std::env::var("GRAIN").as_deref() { Ok("fine") => Grain::Fine, Ok("coarse") => Grain::Coarse, Ok("dc") => Grain::CoarseDatacenters, _ => Grain::CoarseFetches };
    let records: u8 = std::env::var("RECORDS").ok().and_then(|r| r.parse().ok()).unwrap_or(1);
    let shrinks: u8 = std::env::var("SHRINKS").ok().and_then(|r| r.parse().ok()).unwrap_or(2);
    for file in which.split_whitespace() {
        let source = Source::read(std::path::Path::new(&format!("deployments/{file}.toml"))).unwrap();
        let (deployment, _) = deployment_file::read(&source).unwrap();
        let brokers: Vec<u16> = deployment.cluster.sites.iter().map(|s| s.brokers).collect();
        let names = deployment.cluster.datacenters();
        let options = check::Options::default();
        let start = Instant::now();
        println!("# {file}");
        for row in ladder::rows(&deployment) {
          for topic in &deployment.cluster.topics {
            for mut model in check::models(&deployment, topic, &row.faults, &options) {
                model.variant.grain = grain;
                model.bounds = Bounds { records, isr_changes: shrinks, ..model.bounds };
                let begin = Instant::now();
                let found = availability::judge(&model, &brokers, 400_000);
                print!("{:<26} {:<8} {:?} cut={}  {:>5}ms ", row.faults.name(&names), topic.id, found.states, found.is_cut, begin.elapsed().as_millis());
                for s in &found.services {
                    let words: Vec<_> = s.words[..names.len()].iter().map(|w| w.map_or("-", |w| w.name())).collect();
                    print!(" | {} {:?}", words.join(","), s.runbook.as_ref().map(|r| (&r.moves, r.may_lose, r.after_return)));
                }
                println!();
            }
          }
        }
        println!("{file}: {:?}", start.elapsed());
    }
}
