import java.nio.file.Files;
import java.nio.file.Path;

/** Loads the classes that a file names, without running their initializers. */
public class Load {
    public static void main(String[] arguments) throws Exception {
        int loaded = 0;
        for (String name : Files.readAllLines(Path.of(arguments[0]))) {
            try {
                Class.forName(name, false, Load.class.getClassLoader());
                loaded++;
            } catch (NoClassDefFoundError superclassElsewhere) {
                loaded++;
            } catch (ClassNotFoundException absent) {
                System.err.println(absent.getMessage());
                System.exit(1);
            }
        }
        System.out.println(loaded);
    }
}
