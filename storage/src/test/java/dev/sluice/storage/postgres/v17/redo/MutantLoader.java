package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.redo.PageRedo;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Loads redo's classes once more, rewritten: with one fault planted, or with marks where faults
 * could be. What redo's interface speaks of (keys, records, errors) is the parent's.
 */
final class MutantLoader extends ClassLoader {
    private static final ClassDesc INSTRUMENTED = ClassDesc.of(Instrumented.class.getName());
    private static final MethodTypeDesc BURN = MethodTypeDesc.of(ConstantDescs.CD_void);
    private static final MethodTypeDesc MARK =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int);

    private final MutantCatalog catalog;
    private final @Nullable Mutant planted;
    private final Map<String, Map<Integer, Map<Integer, Integer>>> marks = new HashMap<>();

    private MutantLoader(MutantCatalog catalog, @Nullable Mutant planted) {
        super(MutantLoader.class.getClassLoader());
        this.catalog = catalog;
        this.planted = planted;
    }

    /** Redo with a fault. */
    static PageRedo redoWith(Mutant mutant, MutantCatalog catalog) {
        return new MutantLoader(catalog, mutant).redo();
    }

    /** Sound redo that marks each of the catalog's sites that it passes. */
    static PageRedo marking(MutantCatalog catalog) {
        MutantLoader loader = new MutantLoader(catalog, null);
        for (Mutant mutant : catalog.mutants()) {
            loader.marks
                    .computeIfAbsent(mutant.className(), _ -> new HashMap<>())
                    .computeIfAbsent(mutant.method(), _ -> new HashMap<>())
                    .put(mutant.instruction(), mutant.site());
        }
        return loader.redo();
    }

    private PageRedo redo() {
        try {
            return (PageRedo)
                    loadClass(Redo17.class.getName()).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            byte[] bytes = catalog.classes().get(name);
            if (bytes == null) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            if (loaded == null) {
                byte[] rewritten =
                        isSound(name)
                                ? catalog.sound().computeIfAbsent(name, _ -> rewritten(name, bytes))
                                : rewritten(name, bytes);
                loaded = defineClass(name, rewritten, 0, rewritten.length);
            }
            return loaded;
        }
    }

    private boolean isSound(String name) {
        return marks.isEmpty() && planted != null && !planted.className().equals(name);
    }

    private byte[] rewritten(String name, byte[] bytes) {
        ClassFile classFile =
                ClassFile.of(
                        ClassFile.ClassHierarchyResolverOption.of(
                                ClassHierarchyResolver.ofResourceParsing(getParent())));
        var model = classFile.parse(bytes);
        List<MethodModel> methods = model.methods();
        ClassTransform transform =
                (builder, element) -> {
                    if (element instanceof MethodModel method && method.code().isPresent()) {
                        CodeTransform code = new Rewriting(name, methods.indexOf(method));
                        builder.transformMethod(method, MethodTransform.transformingCode(code));
                    } else {
                        builder.with(element);
                    }
                };
        return classFile.transformClass(model, transform);
    }

    /** Rewrites one method. */
    private final class Rewriting implements CodeTransform {
        private final @Nullable Mutant mutant;
        private final Map<Integer, Integer> sites;
        private int instruction;

        Rewriting(String className, int method) {
            boolean here =
                    planted != null
                            && planted.className().equals(className)
                            && planted.method() == method;
            this.mutant = here ? planted : null;
            this.sites = marks.getOrDefault(className, Map.of()).getOrDefault(method, Map.of());
        }

        @Override
        public void accept(CodeBuilder builder, CodeElement element) {
            if (!(element instanceof Instruction original)) {
                builder.with(element);
                return;
            }
            Integer site = sites.get(instruction);
            if (site != null) {
                builder.loadConstant((int) site).invokestatic(INSTRUMENTED, "mark", MARK);
            }
            if (original instanceof BranchInstruction) {
                builder.invokestatic(INSTRUMENTED, "burn", BURN);
            }
            if (mutant != null && mutant.instruction() == instruction) {
                mutant.mutation().write(builder, original);
            } else {
                builder.with(original);
            }
            instruction++;
        }
    }
}
