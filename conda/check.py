"""Have rattler-build read the recipe for every system that it is meant for; a field that it does not know is an error."""

from pathlib import Path

from rattler_build import JinjaConfig, PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig

HERE = Path(__file__).parent
SYSTEMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")

recipe = Stage0Recipe.from_file(HERE / "recipe.yaml")
for system in SYSTEMS:
    platform = PlatformConfig(target_platform=system, host_platform=system, build_platform=system)
    variants = VariantConfig.from_file_with_context(HERE / "variants.yaml", JinjaConfig(platform=platform))
    (package,) = recipe.render(variants, RenderConfig(platform=platform))
    print(system, *package.recipe.to_dict()["requirements"]["build"])
