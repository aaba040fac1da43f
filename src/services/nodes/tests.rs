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
