package dev.sluice.controlplane.wal;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.catalog.SafekeeperCatalog;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Safekeeper;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Standing;
import dev.sluice.controlplane.project.Configurations;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** As the catalog has them. */
public final class CatalogConfigurations implements Configurations {
    private final SafekeeperCatalog catalog;

    private CatalogConfigurations(SafekeeperCatalog catalog) {
        this.catalog = catalog;
    }

    /**
     * Opens them. What a catalog from before knows nothing of is made up for: all its timelines are
     * on the safekeepers that the data folder was made with.
     *
     * @param made those
     */
    public static CatalogConfigurations open(Catalog all, List<Long> made) {
        SafekeeperCatalog catalog = all.safekeepers();
        boolean unknown = catalog.safekeepers().isEmpty();
        for (Project project : all.projects()) {
            for (Branch branch : all.branches(project.id())) {
                if (unknown && catalog.configuration(branch.timeline()).isEmpty()) {
                    catalog.insert(
                            new TenantTimelineId(project.tenant(), branch.timeline()),
                            Configuration.first(made));
                }
            }
        }
        if (unknown) {
            catalog.addMembers(made);
        }
        return new CatalogConfigurations(catalog);
    }

    /** Those that are there, and not about to leave. */
    @Override
    public List<Long> safekeepers() {
        return catalog.safekeepers().stream()
                .filter(safekeeper -> safekeeper.standing() != Standing.LEAVING)
                .map(Safekeeper::number)
                .toList();
    }

    @Override
    public Optional<Configuration> find(TenantTimelineId id) {
        return catalog.configuration(id.timeline());
    }

    @Override
    public Configuration of(TenantTimelineId id) {
        return find(id).orElseThrow(() -> Refusal.notFound("timeline", id.timeline().toString()));
    }

    @Override
    public Set<TenantTimelineId> timelines() {
        return catalog.configurations().keySet();
    }

    @Override
    public Configuration begin(TenantTimelineId id) {
        return catalog.begin(id);
    }

    @Override
    public void forget(TenantTimelineId id) {
        catalog.delete(id.timeline());
    }
}
