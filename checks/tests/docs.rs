//! The pages that must follow the code: nothing the code has is missing from the page that owns it.

use highwater_checks::availability::{Service, durable};
use highwater_checks::{Source, deployment_file, shipped};
use highwater_model::replication::{Guard, Property, Switches};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_protocol_names_every_guard_every_switch_and_every_experiment() {
    let protocol = page("docs/PROTOCOL.md");
    for guard in Guard::ALL {
        assert!(
            protocol.contains(guard.name()),
            "docs/PROTOCOL.md does not name the guard {guard}"
        );
    }
    for switch in Switches::NAMES {
        assert!(
            protocol.contains(switch),
            "docs/PROTOCOL.md does not name the switch {switch}"
        );
    }
    for (name, experiment) in shipped::experiments() {
        let rules = experiment.source.iter().filter(|source| is_rule(source));
        for rule in rules {
            let line = protocol
                .lines()
                .find(|line| line.starts_with(&format!("| {rule} |")) && line.contains(&name));
            assert!(
                line.is_some(),
                "docs/PROTOCOL.md does not show {name} beside {rule}"
            );
        }
    }
}

/// `R05`, `R33b`.
fn is_rule(source: &str) -> bool {
    let digits = source
        .strip_prefix('R')
        .unwrap_or_default()
        .trim_end_matches('b');
    digits.len() == 2 && digits.chars().all(|digit| digit.is_ascii_digit())
}

#[test]
fn the_properties_page_has_every_property() {
    let properties = page("docs/PROPERTIES.md");
    let services = Service::ALL.map(Service::name);
    for name in services.into_iter().chain([durable::NAME]) {
        assert!(
            properties.contains(&format!("### {name}\n")),
            "docs/PROPERTIES.md has no heading for {name}"
        );
    }
    for property in Property::ALL {
        assert!(
            properties.contains(property.name),
            "docs/PROPERTIES.md does not have {}",
            property.name
        );
    }
}

/// The reader lists the keys of a table to whoever writes one that does not exist.
#[test]
fn the_deployments_page_has_every_key() {
    let deployments = page("docs/DEPLOYMENTS.md");
    let file = "name = 'x'\n#file\n[[cluster]]\nid = 'c'\nbrokers = { n = 3 }\nvoters = { n = 3 }\n\
                #cluster\n[[cluster.topic]]\nid = 't'\n#topic\n[[group]]\nid = 'g'\nreads = ['t']\n\
                #group\n[[require]]\nfault = 'none'\nelectable = 'holds'\n#goal\n[bounds]\n#bounds\n";
    let joined = "name = 'x'\n[[cluster]]\nid = 'c'\nbrokers = { n = 3 }\nvoters = { n = 3 }\n\
                  [[cluster.topic]]\nid = 't'\n[[cluster]]\nid = 'd'\nbrokers = { s = 3 }\nvoters = { s = 3 }\n\
                  [[cluster.topic]]\nid = 'u'\n[[mirror]]\nfrom = 'c'\nto = 'd'\nruns_in = 's'\n\
                  tool = 'mm2@3.9'\n#mirror\n[[group]]\nid = 'g'\nreads = ['t']\nruns_at = 'c'\n\
                  failover = { to = 'd', offsets = 'latest' }\n#moving\n[[require]]\nfault = 'none'\n\
                  rpo = '0'\n#between\n";
    let tables = [
        ("#file", file),
        ("#cluster", file),
        ("#topic", file),
        ("#group", file),
        ("#goal", file),
        ("#bounds", file),
        ("#mirror", joined),
        ("#moving", joined),
        ("#between", joined),
    ];
    for (table, file) in tables {
        let source = Source::new("my.toml", file.replace(table, "no-such-key = 1"));
        let error = deployment_file::read_joined(&source).expect_err("there is no such key");
        let keys = error.remedy.strip_prefix("remove it; the keys here are ");
        let keys = keys.unwrap_or_else(|| panic!("{table}: {error}"));
        for key in keys.split(", ") {
            assert!(
                deployments.contains(&format!("`{key}`"))
                    || deployments.contains(&format!("{key}]")),
                "docs/DEPLOYMENTS.md does not have the key {key} ({table})"
            );
        }
    }
}

#[test]
fn no_page_points_to_what_is_not_there() {
    let mut pages: Vec<PathBuf> = vec![root().join("README.md")];
    for folder in ["docs", "docs/findings"] {
        let files = std::fs::read_dir(root().join(folder))
            .expect("there are pages")
            .flatten();
        pages.extend(
            files
                .map(|file| file.path())
                .filter(|path| path.extension().is_some_and(|end| end == "md")),
        );
    }
    assert!(pages.len() > 6);
    for path in pages {
        let text = std::fs::read_to_string(&path).expect("it was listed");
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("http") && !link.starts_with('#')) {
            let target = link.split('#').next().unwrap_or(link);
            let there = path.parent().expect("a page lies in a folder").join(target);
            assert!(there.exists(), "{} points to {link}", path.display());
        }
    }
}
