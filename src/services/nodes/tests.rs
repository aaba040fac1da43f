use super::*;

fn list() -> NodeClasses {
    NodeClasses::parse(SHIPPED).unwrap()
}

fn find(class: &str, pack: &[&str]) -> Option<(Role, Option<String>, bool)> {
    let list = list();
    list.find(class, pack, &|_| false).map(|c| (c.role, c.service.clone(), c.partner.is_some()))
}

#[test]
fn the_shipped_list_holds_every_partner_node_of_the_table() {
    let list = list();
    let partners = list.all().iter().filter(|c| c.partner.is_some() && !c.guess).count();
    assert!(partners >= 285, "{partners}");
    let mut seen = BTreeSet::new();
    for class in list.all().iter().filter(|c| c.partner.is_some()) {
        assert!(seen.insert(&class.class), "{} twice", class.class);
        assert!(!list.is_core(&class.class), "{} is core and partner", class.class);
    }
}

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect())
}

fn role(name: &str) -> Role {
    toml::from_str::<NodeClass>(&format!("class = \"x\"\nrole = \"{name}\"")).unwrap().role
}

/// The list of partner nodes that the facts give, each in its role and with something to send.
#[test]
fn every_partner_node_has_its_role() {
    let table = include_str!("../../../tests/fixtures/comfyui-table/partner.tsv");
    let list = list();
    let mut met = 0;
    for row in rows(table) {
        let [class, wanted, _] = row[..] else { panic!("{row:?}") };
        let known =
            list.find(class, &["comfy-core"], &|_| false).unwrap_or_else(|| panic!("{class} is missing"));
        assert!(known.partner.is_some() && !known.guess, "{class}");
        assert_eq!(known.role, role(wanted), "{class}");
        assert!(wanted == "helper" || !known.kinds().is_empty(), "{class} sends nothing");
        met += 1;
    }
    assert_eq!(met, 285);
}

/// Packs that call out, in the role and with the vendor that the facts give.
#[test]
fn every_pack_of_the_table_goes_where_it_goes() {
    let table = include_str!("../../../tests/fixtures/comfyui-table/packs.tsv");
    let list = list();
    for row in rows(table) {
        let [class, pack, wanted, to] = row[..] else { panic!("{row:?}") };
        let packs: Vec<&str> = (pack != "-").then_some(pack).into_iter().collect();
        let known = list.find(class, &packs, &|_| false).unwrap_or_else(|| panic!("{class} is missing"));
        assert_eq!(known.role, role(wanted), "{class}");
        let at = known.service.as_deref().or(known.host.as_deref());
        assert_eq!(at.unwrap_or("-"), to, "{class}");
        if pack != "-" && pack != "comfy-core" {
            assert!(list.find(class, &[], &|_| false).is_none(), "{class} without its pack");
        }
    }
}

#[test]
fn a_vendors_word_is_not_a_vendor() {
    for local in [
        "LTXVScheduler",
        "WanImageToVideo",
        "MiniMaxH3Sampler",
        "Ideogram4Scheduler",
        "FluxGuidance",
        "HunyuanImageToVideo",
    ] {
        assert!(find(local, &[]).is_none_or(|(role, ..)| role == Role::Local), "{local}");
    }
    assert_eq!(find("BRIA_RMBG_ModelLoader_Zho", &[]).unwrap().0, Role::Local);
    for remote in ["LtxvApiTextToVideo", "WanImageToVideoApi", "TencentTextToModelNode", "IdeogramV3"] {
        assert!(find(remote, &[]).unwrap().2, "{remote}");
    }
}

#[test]
fn general_names_need_their_pack() {
    assert_eq!(find("Client", &[]), None);
    assert_eq!(find("Client", &["KwaiVGI/ComfyUI-KLingAI-API"]).unwrap().1.as_deref(), Some("kling"));
    assert!(find("BriaEraser", &[]).unwrap().2);
    assert!(!find("BriaEraser", &["comfyui-bria-api"]).unwrap().2);
    assert!(list().find("BriaEraser", &[], &|i| i == "api_key").unwrap().partner.is_none());
}

#[test]
fn a_claim_to_be_core_hides_nothing() {
    assert_eq!(find("LLM_api_loader", &["comfy-core"]), find("LLM_api_loader", &[]));
    assert!(find("LLM_api_loader", &["comfy-core"]).is_some());
    assert_eq!(find("KSampler", &["comfy-core"]), find("KSampler", &[]));
    assert_eq!(find("Client", &["comfy-core"]), None);
}

#[test]
fn patterns_and_names() {
    assert!(matches("Replicate *", "Replicate a/b") && !matches("Replicate *", "Replicated"));
    assert!(matches("*_fal", "Flux_fal") && matches("a?c*", "abc") && !matches("", "x"));
    assert!(same_input("image", "images.image_3") && same_input("image", "image2"));
    assert!(!same_input("image", "imagery"));
}
