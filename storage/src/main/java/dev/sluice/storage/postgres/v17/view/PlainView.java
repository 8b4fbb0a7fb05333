package dev.sluice.storage.postgres.v17.view;

/** A page of which only its name is told. */
record PlainView(String name) implements KindView {
    @Override
    public String name(byte[] page, int block) {
        return name;
    }

    @Override
    public boolean hasItems(byte[] page) {
        return false;
    }
}
