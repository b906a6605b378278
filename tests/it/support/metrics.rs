//! Reads what `/metrics` says.

use super::{Request, Server, soon};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// The samples of one scrape, by name and labels as they are written.
#[derive(Debug, Clone)]
pub struct Scrape {
    samples: BTreeMap<String, f64>,
    /// The families in their order, with their type.
    pub families: Vec<(String, String)>,
}

impl Server {
    /// Where metrics and health are, once the log has said so. The server must have been given `LISTEN_ADMIN`.
    pub async fn admin(&self) -> SocketAddr {
        soon("the admin listener", async {
            loop {
                let log = self.log();
                let found = log.split("metrics on http://").nth(1).and_then(|rest| rest.split("/metrics").next());
                if let Some(address) = found {
                    return address.parse().expect("an address");
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    pub async fn scrape(&self) -> Scrape {
        let answer = Request::get("/metrics").send(self.admin().await).await;
        assert_eq!(answer.status, 200);
        let media_type = answer.header("content-type").expect("a media type").to_owned();
        assert!(media_type.starts_with("application/openmetrics-text; version=1.0.0"), "{media_type}");
        Scrape::parse(&answer.text())
    }
}

impl Scrape {
    fn parse(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let (mut samples, mut families) = (BTreeMap::new(), Vec::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a name and a type");
                families.push((name.to_owned(), kind.to_owned()));
            } else if !line.starts_with('#') {
                let (name, value) = line.rsplit_once(' ').expect("a name and a value");
                let before = samples.insert(name.to_owned(), value.parse().expect("a number"));
                assert_eq!(before, None, "{name} is there twice");
            }
        }
        Scrape { samples, families }
    }

    /// The value of a sample, written as in the text, such as `a_total{reason="slow"}`.
    #[track_caller]
    pub fn get(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("no {sample} in {:#?}", self.samples))
    }

    /// The samples of a family, with those of histograms.
    pub fn family(&self, name: &str) -> BTreeMap<&str, f64> {
        let suffixes = ["", "_total", "_bucket", "_sum", "_count"];
        let of = |sample: &str| {
            let bare = sample.split('{').next().unwrap_or_default();
            bare.strip_prefix(name).is_some_and(|rest| suffixes.contains(&rest))
        };
        self.samples.iter().filter(|(sample, _)| of(sample)).map(|(sample, value)| (sample.as_str(), *value)).collect()
    }
}
