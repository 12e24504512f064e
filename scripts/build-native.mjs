console.log('native: no native sources; using the TypeScript reference backend');
