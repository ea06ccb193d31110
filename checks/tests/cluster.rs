//! Several processes that search together: the command, run once for each of them on this machine.

use assert_cmd::cargo::cargo_bin;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Addresses of this machine at which nobody listens.
fn free_addresses(count: usize) -> Vec<String> {
    let listeners: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"))
        .collect();
    listeners
        .iter()
        .map(|listener| listener.local_addr().expect("it is bound").to_string())
        .collect()
}

/// A folder of this test, and in it the file with the addresses.
fn hosts(test: &str, lines: &[String]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let file = folder.join("hosts.txt");
    std::fs::write(&file, lines.join("\n")).expect("a file in it");
    file
}

fn shipped(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn process(hosts: &Path, number: usize, what: &[&str]) -> Child {
    Command::new(cargo_bin("highwater"))
        .args(what)
        .arg("--hosts")
        .arg(hosts)
        .args(["--process", &number.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

fn alone(what: &[&str]) -> Output {
    Command::new(cargo_bin("highwater"))
        .args(what)
        .args(["--workers", "1"])
        .output()
        .expect("the command runs")
}

/// How a command ended, what it printed, and what it had to say about the file.
fn outcome(output: &Output) -> (Option<i32>, [String; 2]) {
    let texts = [&output.stdout, &output.stderr];
    let texts = texts.map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(!texts[0].is_empty(), "{output:?}");
    (output.status.code(), texts)
}

/// Everything that is printed is the same: counts, events, verdicts, and the history, byte for byte.
#[test]
fn two_processes_print_what_one_prints() {
    let experiment = shipped("experiments/last-replica-standing/without-elr.toml");
    let experiment = experiment.to_str().expect("a path of ours");
    let deployment = shipped("deployments/two-dc-consistent.toml");
    let deployment = deployment.to_str().expect("a path of ours");
    for what in [
        &["check", "--format", "json", experiment] as &[_],
        &["explain", experiment],
        &["check", "--all", "--max-states", "300000", deployment],
    ] {
        let hosts = hosts("two", &free_addresses(2));
        let children = [0, 1].map(|number| process(&hosts, number, what));
        let expected = outcome(&alone(what));
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            assert_eq!(outcome(&output), expected, "{what:?}");
        }
    }
}

/// A process that dies takes the others with it: they say so, and end with 2.
#[test]
fn a_lost_process_ends_all() {
    let deployment = shipped("deployments/two-dc-available.toml");
    let what = ["check", deployment.to_str().expect("a path of ours")];
    let hosts = hosts("lost", &free_addresses(2));
    let [mut first, mut second] = [0, 1].map(|number| process(&hosts, number, &what));
    std::thread::sleep(Duration::from_secs(2));
    second.kill().expect("it still runs");
    second.wait().expect("it is dead");
    let status = first.wait().expect("it ends");
    let mut said = String::new();
    let mut stderr = first.stderr.take().expect("piped");
    stderr.read_to_string(&mut said).expect("text");
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(
        said.contains("another process of the cluster is lost"),
        "{said}"
    );
    assert!(said.contains("start every process again"), "{said}");
    let mut told = String::new();
    let mut stdout = first.stdout.take().expect("piped");
    stdout.read_to_string(&mut told).expect("text");
    assert_eq!(told, "");
}

/// Processes that were given different files do not answer for each other.
#[test]
fn processes_that_are_asked_different_things_refuse() {
    let [one, other] = ["without-elr", "with-elr"]
        .map(|name| shipped(&format!("experiments/last-replica-standing/{name}.toml")));
    let hosts = hosts("different", &free_addresses(2));
    let children = [(0, one), (1, other)].map(|(number, file)| {
        process(
            &hosts,
            number,
            &["check", file.to_str().expect("a path of ours")],
        )
    });
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        // Who notices first is gone before the other does.
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let known = ["were not asked the same", "is lost"];
        assert!(known.iter().any(|known| stderr.contains(known)), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn what_is_wrong_with_the_addresses_is_said_before_anybody_is_waited_for() {
    for (test, lines, process, said) in [
        ("empty", "", "0", "has no address"),
        ("port", "here", "0", "`here` is no address"),
        ("number", "here:port", "0", "`here:port` is no address"),
        (
            "twice",
            "127.0.0.1:1\n127.0.0.1:1",
            "0",
            "the address of two processes",
        ),
        (
            "beyond",
            "127.0.0.1:1",
            "1",
            "--process is 1, and this file has 1 address",
        ),
        (
            "refused",
            "203.0.113.1:9",
            "0",
            "cannot listen on 203.0.113.1:9",
        ),
    ] {
        let hosts = hosts(test, &[lines.to_owned()]);
        let output = Command::new(cargo_bin("highwater"))
            .arg("check")
            .arg(shipped("experiments/last-replica-standing/with-elr.toml"))
            .arg("--hosts")
            .arg(&hosts)
            .args(["--process", process])
            .output()
            .expect("the command runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
        assert!(stderr.contains("hosts.txt"), "{stderr}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    }
}
