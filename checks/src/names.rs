//! Which names a file may give to datacenters, clusters and topics.
//!
//! Brokers are called `datacenter-number` in stories and reports, and fault names put `:`, `|`,
//! `>` and `+` around datacenters; so a datacenter has a plain name that ends in no number of its
//! own.

/// The most letters of a name, so that tables stay tables.
const LONGEST: usize = 32;
/// The most letters of a topic's name, in Kafka.
const LONGEST_TOPIC: usize = 249;

/// What to write instead, if `name` cannot be a datacenter or a cluster.
pub(crate) fn plain(name: &str) -> Result<(), String> {
    let legal = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let well_formed = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.ends_with(legal)
        && name.chars().all(|letter| legal(letter) || letter == '-')
        && name.len() <= LONGEST;
    if !well_formed {
        return Err(format!(
            "begin with a lower-case letter, go on with lower-case letters, digits and dashes \
             between them, {LONGEST} at most"
        ));
    }
    match name.rsplit_once('-') {
        Some((stem, number)) if number.bytes().all(|letter| letter.is_ascii_digit()) => Err(
            format!("write `{stem}{number}`: `{name}` would be broker {number} of `{stem}`"),
        ),
        _ => Ok(()),
    }
}

/// What to write instead, if Kafka would refuse `name` as a topic.
pub(crate) fn topic(name: &str) -> Result<(), String> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    match (1..=LONGEST_TOPIC).contains(&name.len())
        && name.chars().all(legal)
        && name != "."
        && name != ".."
    {
        true => Ok(()),
        false => Err(format!(
            "as in Kafka: letters, digits, dots, dashes and underscores, {LONGEST_TOPIC} at most"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datacenter_is_not_taken_for_a_broker() {
        for (name, is_legal) in [
            ("north", true),
            ("eu-west", true),
            ("eu-west1", true),
            ("dc1", true),
            ("eu-west-1", false), // the first broker of `eu-west`
            ("eu--1", false),
            ("1north", false),
            ("North", false),
            ("north-", false),
            ("a|b", false),
            ("", false),
        ] {
            assert_eq!(plain(name).is_ok(), is_legal, "{name}");
        }
    }
}
